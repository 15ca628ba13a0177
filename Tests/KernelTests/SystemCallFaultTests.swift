#if DEBUG
    import CLinux
    import Glibc
    import Testing

    @testable import Kernel

    struct SystemCallFaultTests {
        @Test func failure_isThrown_andTheCallIsNotMade() throws {
            let (one, other) = try Socket.pair()
            let faults = SystemCallFaults()
            faults.fail(.send, with: .connectionReset, .number(2))
            faults.install()
            defer { faults.remove() }
            #expect(try send([1], to: one) == 1)
            #expect(throws: Errno.connectionReset) { try send([2], to: one) }
            #expect(try send([3], to: one) == 1)
            #expect(try receive(from: other) == [1, 3])
            #expect(faults.strikes == 1)
        }

        @Test func interruption_isRetried_whereCallsAre() throws {
            let faults = SystemCallFaults()
            faults.fail(.receive, with: .interrupted, .number(1))
            faults.fail(.accept, with: .interrupted, .number(1))
            faults.fail(.epollWait, with: .interrupted)
            faults.install()
            defer { faults.remove() }
            let (one, other) = try Socket.pair()
            #expect(try send([1], to: one) == 1)
            #expect(try receive(from: other) == [1])
            let listener = try Socket(family: .ipv4)
            try listener.bind(to: SocketAddress(ipAddress: "127.0.0.1", port: 0))
            try listener.listen()
            #expect(throws: Errno.wouldBlock) { try listener.accept() }
            #expect(throws: Errno.interrupted) { try SystemCall.once(.epollWait) { 0 } }
            #expect(faults.strikes == 3)
        }

        @Test func limits_makeTransfersShort() throws {
            let (one, other) = try Socket.pair()
            let faults = SystemCallFaults()
            faults.limit(.send, to: 2)
            faults.limit(.sendMessage, to: 3)
            faults.limit(.receive, to: 4, .number(1))
            faults.install()
            defer { faults.remove() }
            #expect(try send([1, 2, 3], to: one) == 2)
            #expect(try sendGathered([4, 5, 6, 7], to: one) == 3)
            #expect(try sendGathered([8], to: one) == 1)
            #expect(try receive(from: other) == [1, 2, 4, 5])
            #expect(try receive(from: other) == [6, 8])
        }

        @Test func otherThreads_areNotAffected_norCallsAfterRemoval() async throws {
            let faults = SystemCallFaults()
            faults.fail(.socket, with: .tooManyOpenFiles)
            try await withCheckedThrowingContinuation { (done: CheckedContinuation<Void, any Error>) in
                nonisolated(unsafe) let faults = faults
                faults.install()
                defer { faults.remove() }
                var thread = pthread_t()
                let context = Unmanaged.passRetained(Done(done)).toOpaque()
                pthread_create(
                    &thread, nil,
                    { context in
                        let done = Unmanaged<Done>.fromOpaque(context!).takeRetainedValue()
                        done.continuation.resume(with: Result { _ = try Socket(family: .ipv4) })
                        return nil
                    }, context)
                #expect(throws: Errno.tooManyOpenFiles) { try Socket(family: .ipv4) }
                pthread_join(thread, nil)
            }
            #expect(faults.strikes == 1)
            _ = try Socket(family: .ipv4)
        }

        private func send(_ bytes: [UInt8], to socket: Socket) throws -> Int {
            try bytes.withUnsafeBytes { bytes in try SocketCalls.send(socket.fileDescriptor, bytes) }
        }

        private func sendGathered(_ bytes: [UInt8], to socket: Socket) throws -> Int {
            var bytes = bytes
            return try bytes.withUnsafeMutableBytes { bytes in
                var vector = iovec(iov_base: bytes.baseAddress, iov_len: bytes.count)
                return try withUnsafeMutablePointer(to: &vector) { vector in
                    var message = msghdr()
                    message.msg_iov = vector
                    message.msg_iovlen = 1
                    return try SocketCalls.sendMessage(socket.fileDescriptor, &message)
                }
            }
        }

        private func receive(from socket: Socket) throws -> [UInt8] {
            var bytes = [UInt8](repeating: 0, count: 64)
            let count = try bytes.withUnsafeMutableBytes { try SocketCalls.receive(socket.fileDescriptor, into: $0) }
            return Array(bytes.prefix(count))
        }
    }

    private final class Done: Sendable {
        let continuation: CheckedContinuation<Void, any Error>

        init(_ continuation: CheckedContinuation<Void, any Error>) {
            self.continuation = continuation
        }
    }
#endif
