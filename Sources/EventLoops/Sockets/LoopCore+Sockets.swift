internal import CLinux
internal import Glibc
internal import Kernel

/// Operations on sockets that belong to the user.
extension LoopCore {
    // MARK: Beginning

    /// Begins a call on a socket, which must be ended with ``end(_:on:_:_:)``.
    func begin(
        _ kind: SocketOperationKind, on socket: Socket, _ operation: StaticString
    ) throws(EventLoopError) -> SocketCall {
        // Check first: making a string of the name is slower.
        if isClosed || !queue.isTurning { try checkTask("\(operation)") }
        switch socket.beginOperation() {
        case .begun: break
        case .ended: throw SocketErrors.ended("\(operation)")
        case .moving: throw SocketErrors.otherLoop("\(operation)")
        }
        do throws(EventLoopError) {
            let use = try use(of: socket, operation)
            if isDebug { try checkIsNonBlocking(socket, operation) }
            if descriptors.hasWatches { try checkIsNotWatched(socket, operation) }
            return use.call(kind, socket.descriptorInUse, operations)
        } catch {
            socket.endOperation()
            throw error
        }
    }

    @inline(__always)
    private func use(of socket: Socket, _ operation: StaticString) throws(EventLoopError) -> SocketUse {
        if let user = socket.user {
            let use = Unmanaged<SocketUse>.fromOpaque(user).takeUnretainedValue()
            if use.queue === queue { return use }
        }
        return try newUse(of: socket, operation)
    }

    /// The use of a socket on which the caller has begun an operation.
    func currentUse(of socket: Socket) -> SocketUse? {
        socket.user.map { Unmanaged<SocketUse>.fromOpaque($0).takeUnretainedValue() }
    }

    /// Makes this loop the socket's user.
    @inline(never)
    private func newUse(of socket: Socket, _ operation: StaticString) throws(EventLoopError) -> SocketUse {
        let descriptor = socket.descriptorInUse
        guard sockets.isOpen(descriptor) else {
            throw EventLoopError(
                .system, "\(operation)", errno: .badFileDescriptor,
                detail: "File descriptor \(descriptor) is not open: it was closed behind the socket's back")
        }
        if let owner = descriptors.owner(of: descriptor) {
            throw EventLoopError(
                .descriptorInUse, "\(operation)", detail: "File descriptor \(descriptor) is used by \(owner)")
        }
        let user = socket.user ?? socket.setUser(newUse(of: descriptor))
        let use = Unmanaged<SocketUse>.fromOpaque(user).takeUnretainedValue()
        if use.queue !== queue {
            guard socket.beginMove() else { throw SocketErrors.otherLoop("\(operation)") }
            use.move(to: queue)
            socket.endMove()
        }
        // If another thread closed the socket before it had a user, nothing would end the operation.
        if socket.hasEnded { throw SocketErrors.ended("\(operation)") }
        return use
    }

    private func newUse(of descriptor: Int32) -> SocketUse {
        let family = try? sockets.option(descriptor, level: SOL_SOCKET, name: SO_DOMAIN)
        return SocketUse(queue, isStream: sockets.isStream(descriptor), isUnix: family == AF_UNIX)
    }

    @inline(never)
    private func checkIsNonBlocking(_ socket: Socket, _ operation: StaticString) throws(EventLoopError) {
        guard (try? sockets.isNonBlocking(socket.descriptorInUse)) == false else { return }
        throw .invalidArgument("\(operation)", "The socket must be non-blocking: set O_NONBLOCK")
    }

    @inline(never)
    private func checkIsNotWatched(_ socket: Socket, _ operation: StaticString) throws(EventLoopError) {
        let descriptor = socket.descriptorInUse
        guard descriptors.isWatched(descriptor) else { return }
        throw EventLoopError(
            .descriptorInUse, "\(operation)",
            detail: "File descriptor \(descriptor) has a reader or a writer: remove them first")
    }

    // MARK: Ending

    /// Ends a call and returns the operation's result, or throws.
    func end(
        _ call: SocketCall, on socket: Socket, _ outcome: OperationOutcome, _ operation: StaticString
    ) throws -> Int {
        if case .finished(let result) = outcome {
            finish(call, on: socket)
            return result
        }
        let failure = failure(of: call, on: socket, outcome, operation)
        // A task on another thread keeps its turn until the loop's thread has taken its result back.
        queue.performOnLoop { [self] in
            takeBack(call, outcome, on: socket)
            finish(call, on: socket)
        }
        throw failure
    }

    /// Ends a call that was not started.
    func end(_ call: SocketCall, on socket: Socket) {
        finish(call, on: socket)
    }

    private func finish(_ call: SocketCall, on socket: Socket) {
        if let user = socket.user {
            Unmanaged<SocketUse>.fromOpaque(user)._withUnsafeGuaranteedRef { $0.leave(call) }
        }
        socket.endOperation()
    }

    /// Takes back what a call received if its task does not get it.
    private func takeBack(_ call: SocketCall, _ outcome: OperationOutcome, on socket: Socket) {
        switch outcome {
        case .finishedFirst(let result): call.abandon(result)
        case .cancelled, .closed, .misplaced: call.abandonFailure()
        case .finished, .failed: return call.dropArray()
        }
        if call.kind == .connect { currentUse(of: socket)?.hasAbandonedConnect = true }
        call.dropArray()
    }

    /// Whether a send that was interrupted may continue, although its socket may have been closed meanwhile.
    func mayContinue(on socket: Socket) -> Bool {
        queue.isTurning && socket.fileDescriptor >= 0
    }

    @inline(never)
    private func failure(
        of call: SocketCall, on socket: Socket, _ outcome: OperationOutcome, _ operation: StaticString
    ) -> any Error {
        switch outcome {
        case .finished: return SocketErrors.ended("\(operation)")
        case .finishedFirst, .cancelled: return CancellationError()
        case .closed: return EventLoopError.closed("\(operation)")
        case .misplaced: return queue.refusal("\(operation)")
        case .failed(let errno):
            if errno == .canceled, socket.fileDescriptor < 0 { return SocketErrors.ended("\(operation)") }
            guard let address = call.kind.isReading ? nil : call.operation.address else {
                return EventLoopError(system: errno, "\(operation)")
            }
            return EventLoopError(system: errno, "\(operation)", address: address)
        }
    }
}

/// The errors of sockets that cannot be used.
enum SocketErrors {
    static func ended(_ operation: String) -> EventLoopError {
        EventLoopError(
            .closed, operation, errno: .badFileDescriptor,
            detail: "The socket was closed or detached: let the tasks that use it end first")
    }

    static func otherLoop(_ operation: String) -> EventLoopError {
        EventLoopError(
            .wrongLoop, operation,
            detail: "Another loop performs an operation on this socket: await it there, or detach the descriptor")
    }
}
