import EventLoops
import Glibc
import Kernel
import Proactor
import ProactorTesting
import TestSupport
import Testing

extension Conformance {
    /// Which sockets a loop may use, and what it reports about them.
    @Suite struct SocketUses {
        /// SOCK-012.
        @Test(arguments: SocketLoop.allCases)
        func blockingSocket_isRefusedInDebugMode_andWorksOtherwise(_ kind: SocketLoop) async throws {
            try await runLoop(kind) { loop in
                let (socket, peer) = try Socket.pair()
                for each in [socket, peer] {
                    let flags = fcntl(each.fileDescriptor, F_GETFL)
                    #expect(fcntl(each.fileDescriptor, F_SETFL, flags & ~O_NONBLOCK) == 0)
                }
                let waiting = loop.createTask { try await loop.sockRecv(socket, 10) }
                try await loop.turns()
                try await loop.sockSendAll(peer, [1])
                #expect(try await waiting.value == [1])
                let address = try SocketAddress(ipAddress: "127.0.0.1", port: 1)
                let memory = ReceiveMemory(1)
                let calls: [() async throws -> Void] = [
                    { _ = try await loop.sockRecv(socket, 1) },
                    { _ = try await loop.sockRecvInto(socket, memory.bytes) },
                    { _ = try await loop.sockRecvFrom(socket, 1) },
                    { _ = try await loop.sockRecvFromInto(socket, memory.bytes) },
                    { try await loop.sockSendAll(socket, [1]) },
                    { _ = try await loop.sockSendTo(socket, [1], address) },
                    { try await loop.sockConnect(socket, address) },
                    { _ = try await loop.sockAccept(socket) },
                ]
                loop.debug = true
                for call in calls {
                    let error = await #expect(throws: EventLoopError.self) { try await call() }
                    #expect(error?.code == .invalidArgument)
                    #expect(error?.detail.contains("non-blocking") == true)
                }
                loop.debug = false
            }
        }

        /// SOCK-014.
        @Test(arguments: LoopKind.allCases)
        func descriptorOfATransport_isRefused(_ kind: LoopKind) async throws {
            try await withLink(kind) { link in
                let (loop, fd) = (link.loop, link.transport.socket.fileDescriptor)
                let alias = Socket(takingOwnershipOf: fd)
                defer { _ = alias.detach() }
                let calls: [() async throws -> Void] = [
                    { _ = try await loop.sockRecv(alias, 1) }, { try await loop.sockSendAll(alias, [1]) },
                ]
                for call in calls {
                    let error = await #expect(throws: EventLoopError.self) { try await call() }
                    #expect(error?.code == .descriptorInUse)
                    #expect(error?.detail.hasPrefix("File descriptor \(fd) is used by transport") == true)
                }
                try link.peer.send([1, 2])
                try await link.told.wait { link.told.received == [1, 2] }
            }
        }

        /// SOCK-014.
        @Test(arguments: SocketLoop.allCases)
        func watchedSocket_isRefused(_ kind: SocketLoop) async throws {
            try await runLoop(kind) { loop in
                let (socket, peer) = try Socket.pair()
                try loop.addReader(socket) {}
                await expectLoopErrorLater(.descriptorInUse) { try await loop.sockRecv(socket, 1) }
                try loop.removeReader(socket)
                try peer.sendNow([1])
                #expect(try await loop.sockRecv(socket, 1) == [1])
            }
        }

        /// A transport would not get what the loop has received for a task.
        @Test(arguments: SocketLoop.allCases)
        func socketInUse_isNotGivenToATransport(_ kind: SocketLoop) async throws {
            try await runLoop(kind) { loop in
                let (socket, peer) = try StreamKind.tcp.pair()
                let waiting = loop.createTask { try await loop.sockRecv(socket, 10) }
                try await loop.turns()
                await expectLoopErrorLater(.descriptorInUse) {
                    try await loop.createConnection(socket: socket) { StreamRecorder(loop) }
                }
                try peer.sendNow([1, 2])
                // In the next turn, the bytes are received before the task is cancelled.
                try await loop.turns(1)
                await expectCancelled(waiting)
                await expectLoopErrorLater(.invalidState) {
                    try await loop.createConnection(socket: socket) { StreamRecorder(loop) }
                }
                #expect(try await loop.sockRecv(socket, 10) == [1, 2])
                let (transport, told) = try await loop.createConnection(socket: socket) { StreamRecorder(loop) }
                try peer.sendNow([3])
                try await told.wait { told.received == [3] }
                transport.abort()
                try await told.waitUntilLost()
            }
        }

        /// Two loops on two threads: one at a time may use the socket.
        @Test(arguments: LoopKind.allCases)
        func anotherLoop_mayUseTheSocket_whenNoOperationIsInFlight(_ kind: LoopKind) async throws {
            try await runLoop(.kind(kind)) { loop in
                let (socket, peer) = try Socket.pair()
                let waiting = loop.createTask { try await loop.sockRecv(socket, 10) }
                try await loop.turns()
                let refusal = try await Self.onOtherLoop(kind) { try await $0.sockSendAll(socket, [1]) }
                #expect(refusal?.code == .wrongLoop && refusal?.operation == "sockSendAll")
                try peer.sendNow([1, 2])
                // In the next turn, the bytes are received before the task is cancelled.
                try await loop.turns(1)
                await expectCancelled(waiting)
                // What was received for a cancelled task stays with the socket.
                let failure = try await Self.onOtherLoop(kind) {
                    #expect(try await $0.sockRecv(socket, 1) == [1])
                    try await $0.sockSendAll(socket, [3])
                }
                #expect(failure == nil)
                #expect(try await loop.sockRecv(socket, 10) == [2])
                #expect(try peer.receiveNow() == [3])
            }
        }

        /// Runs code on a loop of another thread, and returns the error of a loop.
        private static func onOtherLoop(
            _ kind: LoopKind, _ body: @escaping @Sendable (any AbstractEventLoop) async throws -> Void
        ) async throws -> EventLoopError? {
            try await onThread {
                let other = try kind.make()
                defer { try? other.close() }
                do { try other.runUntilComplete { try await body(other) } } catch let error as EventLoopError {
                    return error
                }
                return nil
            }
        }

        @Test(arguments: SocketLoop.allCases)
        func tasksOfOtherExecutors_areRefused(_ kind: SocketLoop) async throws {
            try await runLoop(kind) { loop in
                let (socket, peer) = try Socket.pair()
                let results = [
                    await Task.immediate { try await loop.sockRecv(socket, 1) }.result,
                    await Task.detached { try await loop.sockRecv(socket, 1) }.result,
                ]
                for result in results {
                    let error = #expect(throws: EventLoopError.self) { try result.get() }
                    #expect(error?.code == .wrongThread && error?.operation == "sockRecv")
                }
                try peer.sendNow([1])
                #expect(try await loop.sockRecv(socket, 1) == [1])
            }
        }

        /// The operations are listed with their task, and in the capabilities.
        @Test(arguments: SocketLoop.allCases)
        func operationsInFlight_areReported(_ kind: SocketLoop) async throws {
            try await runLoop(kind) { loop in
                let (socket, peer) = try Socket.pair()
                let (datagram, listener) = (try Socket.boundDatagram(), try Socket.listening())
                let tasks = [
                    loop.createTask { _ = try await loop.sockRecv(socket, 1) },
                    loop.createTask { _ = try await loop.sockRecvFrom(datagram, 1) },
                    loop.createTask { _ = try await loop.sockAccept(listener) },
                    loop.createTask { try await loop.sockSendAll(peer, Pattern.bytes(4 << 20)) },
                ]
                // Fill the memory of the pair, so that the send waits: the receive takes one byte.
                try await loop.turns()
                let dump = loop.dump()
                for name in ["receive from fd=\(datagram.fileDescriptor)", "accept fd=\(listener.fileDescriptor)"] {
                    #expect(dump.contains(name), "\(dump)")
                }
                #expect(dump.contains("send fd=\(peer.fileDescriptor)"), "\(dump)")
                let names = Set(loop.capabilities.operations.map(\.name))
                let expected: Set = [
                    "sockRecv", "sockRecvFrom", "sockSendAll", "sockSendTo", "sockAccept", "connect",
                ]
                #expect(names.isSuperset(of: expected))
                for task in tasks { task.cancel() }
                for task in tasks { _ = try? await task.value }
            }
        }
    }
}
