internal import CLinux
internal import Glibc
internal import Kernel

/// The calls that several functions of the API share.
extension LoopCore {
    /// Ends a call for zero bytes; throws if the number is negative.
    func endEmpty(
        _ call: SocketCall, on socket: Socket, _ count: Int, _ operation: StaticString
    ) throws(EventLoopError) {
        end(call, on: socket)
        if count < 0 { throw .invalidArgument("\(operation)", "The number of bytes must not be negative: \(count)") }
    }

    /// Sends all bytes, which stay valid until this returns.
    func sendAll(_ bytes: UnsafeRawBufferPointer, on socket: Socket) async throws {
        let call = try begin(bytes.isEmpty ? .sendTo : .send, on: socket, "sockSendAll")
        if bytes.isEmpty, sockets.isStream(call.descriptor) { return end(call, on: socket) }
        if call.kind == .sendTo {
            _ = try await send(bytes, to: nil, by: call, on: socket, "sockSendAll")
            return
        }
        var sent = 0
        while true {
            // The kernel only reads the bytes of a send.
            call.lend(UnsafeMutableRawBufferPointer(mutating: UnsafeRawBufferPointer(rebasing: bytes[sent...])))
            let outcome = await call.wait.outcome(of: call)
            if case .finished(let count) = outcome {
                sent += count
                // The kernel sends less than 2 GiB in one operation.
                if sent < bytes.count, count > 0, mayContinue(on: socket) { continue }
            }
            _ = try end(call, on: socket, outcome, "sockSendAll")
            if sent < bytes.count { throw SocketErrors.ended("sockSendAll") }
            return
        }
    }

    /// Sends a datagram, whose bytes stay valid until this returns.
    func sendTo(_ bytes: UnsafeRawBufferPointer, _ address: SocketAddress, on socket: Socket) async throws -> Int {
        let call = try begin(.sendTo, on: socket, "sockSendTo")
        return try await send(bytes, to: address, by: call, on: socket, "sockSendTo")
    }

    private func send(
        _ bytes: UnsafeRawBufferPointer, to address: SocketAddress?, by call: SocketCall, on socket: Socket,
        _ operation: StaticString
    ) async throws -> Int {
        call.lend(UnsafeMutableRawBufferPointer(mutating: bytes))
        call.operation.address = address
        var outcome = await call.wait.outcome(of: call)
        if outcome == .failed(.resourceTemporarilyUnavailable) { outcome = await sendAgain(.sendTo, call, socket) }
        return try end(call, on: socket, outcome, operation)
    }

    /// Repeats a send until the receiver of its message has space.
    @inline(never)
    func sendAgain(_ kind: SocketOperationKind, _ call: SocketCall, _ socket: Socket) async -> OperationOutcome {
        var outcome = OperationOutcome.failed(.resourceTemporarilyUnavailable)
        while outcome == .failed(.resourceTemporarilyUnavailable), mayContinue(on: socket) {
            if !call.isReplaced {
                // Readiness shows when a connected receiver has space.
                emulate(kind, call)
            } else if let ending = await pause() {
                return ending
            } else if !mayContinue(on: socket) {
                return .failed(.canceled)
            }
            outcome = await call.wait.outcome(of: call)
        }
        return outcome
    }

    /// Continues a call with the emulated operation.
    func emulate(_ kind: SocketOperationKind, _ call: SocketCall) {
        let emulation = ReadinessOperations(on: queue, channels: channels, sockets: sockets)
        call.replaceOperation(emulation.make(kind, call.descriptor))
    }

    /// Waits a while for the receiver of a Unix datagram to receive others, or for a Unix listener to accept
    /// connections.
    ///
    /// The kernel reports the former only to connected sockets, and the latter never: the socket counts as writable.
    /// Without a pause, the loop would not sleep.
    ///
    /// - Returns: How the call ends; nil if it may continue.
    func pause() async -> OperationOutcome? {
        let over = WaitList(queue: queue)
        let timer = callAt(now.advanced(by: .milliseconds(1))) { over.resumeAll() }
        let ending = await over.wait()
        if ending == .happened { return nil }
        // The task may have continued on another thread.
        queue.performOnLoop { timer.cancel() }
        guard ending == .cancelled else { return .misplaced }
        return Task.isCancelled ? .cancelled : .closed
    }

    /// Whether an earlier call may have connected the socket, so that success does not show to which address.
    ///
    /// After a connection that took time, the kernel reports success once more, for any address.
    ///
    /// - Parameter outcome: That of the call; becomes a success if a cancelled call has connected the socket.
    func mayHaveOtherPeer(
        _ socket: Socket, _ call: SocketCall, _ address: SocketAddress, _ outcome: inout OperationOutcome
    ) -> Bool {
        guard queue.isTurning, let use = currentUse(of: socket) else { return false }
        let isAfterAnother = use.hasAbandonedConnect || call.isReplaced
        if isAfterAnother, outcome == .failed(.isConnected), address.isReportedAsPeer,
            (try? sockets.peerAddress(call.descriptor)) != nil
        {
            outcome = .finished(0)
        }
        guard case .finished = outcome else { return false }
        defer { use.hasConnected = true }
        return isAfterAnother || use.hasConnected
    }

    /// Throws if an earlier call has connected the socket to another address.
    func checkPeer(of socket: Socket, is address: SocketAddress) throws(EventLoopError) {
        guard address.isReportedAsPeer, let peer = try? sockets.peerAddress(socket.fileDescriptor), peer != address
        else { return }
        throw EventLoopError(
            .invalidState, "sockConnect", address: "\(address)",
            detail: "An earlier call has connected the socket to \(peer): use a new socket")
    }

    /// The address that a call has found; if the datagram was received without its address, that of the connected peer.
    func sender(of call: SocketCall) -> SocketAddress {
        if let address = call.operation.address { return address }
        if let peer = try? sockets.peerAddress(call.descriptor) { return peer }
        return .nameless
    }

    /// The first address of a host for a socket; numeric ones need no lookup.
    func resolve(
        _ host: String, _ port: Int, for socket: Socket, _ operation: String
    ) async throws -> SocketAddress {
        let (family, type, proto) = try kind(of: socket, operation)
        if let literal = try? SocketAddress(ipAddress: host, port: port) {
            guard literal.family == family else {
                throw EventLoopError.invalidArgument(operation, "\(host) is not an address of the socket's family")
            }
            return literal
        }
        let found = try await addressInfos(
            host: host, port: port, family: family, type: type, proto: proto, flags: 0, operation)
        return found[0].address
    }

    private func kind(
        of socket: Socket, _ operation: String
    ) throws(EventLoopError) -> (AddressFamily, type: Int32, proto: Int32) {
        let descriptor = socket.fileDescriptor
        guard descriptor >= 0 else { throw SocketErrors.ended(operation) }
        do throws(Errno) {
            return (
                AddressFamily(rawValue: try sockets.option(descriptor, level: SOL_SOCKET, name: SO_DOMAIN)),
                try sockets.option(descriptor, level: SOL_SOCKET, name: SO_TYPE),
                try sockets.option(descriptor, level: SOL_SOCKET, name: SO_PROTOCOL)
            )
        } catch { throw EventLoopError(system: error, operation) }
    }
}
