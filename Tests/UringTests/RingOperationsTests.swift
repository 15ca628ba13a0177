import Glibc
import Kernel
import TestSupport
import Testing
import Uring

@Suite("Operations", .needsRing)
struct RingOperationsTests {
    @Test func acceptMultishot_acceptsUntilCancelled() throws {
        let harness = try RingHarness()
        let listener = try Listener()
        _ = harness.ring.acceptMultishot(listener.descriptor, for: harness.target(1))
        for _ in 1...3 {
            let client = try listener.connect()
            defer { close(client) }
            let accepted = try harness.next(1)
            #expect(accepted.hasMore)
            try #require(accepted.result >= 0)
            #expect(fcntl(accepted.result, F_GETFD) & FD_CLOEXEC != 0)
            #expect(fcntl(accepted.result, F_GETFL) & O_NONBLOCK != 0)
            close(accepted.result)
        }
        #expect(try harness.cancel(1).result == -ECANCELED)
    }

    @Test func connect_completesAnAccept() throws {
        let harness = try RingHarness()
        let listener = try Listener()
        let client = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue), 0)
        defer { close(client) }
        var address = listener.address
        try withUnsafePointer(to: &address) { pointer in
            try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                _ = harness.ring.acceptMultishot(listener.descriptor, for: harness.target(1))
                _ = harness.ring.connect(
                    client, to: generic, length: socklen_t(MemoryLayout<sockaddr_in>.size), for: harness.target(2))
                let connected = try harness.next(2)
                #expect(connected.result == 0)
            }
        }
        let accepted = try harness.next(1)
        try #require(accepted.result >= 0)
        close(accepted.result)
        #expect(try harness.cancel(1).result == -ECANCELED)
    }

    @Test(arguments: [false, true])
    func receive_returnsAvailableBytes_andTheEnd(pollFirst: Bool) throws {
        let harness = try RingHarness()
        let pair = try SocketPair(nonBlocking: true)
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 100, alignment: 8)
        defer { memory.deallocate() }
        _ = harness.ring.receive(
            pair.left, into: memory.baseAddress!, count: 100, pollFirst: pollFirst, for: harness.target(1))
        try harness.ring.enter(.none)
        pair.write([1, 2, 3])
        #expect(try harness.next(1).result == 3)
        #expect(Array(memory.prefix(3)) == [1, 2, 3])
        pair.closeRight()
        _ = harness.ring.receive(pair.left, into: memory.baseAddress!, count: 100, for: harness.target(2))
        #expect(try harness.next(2).result == 0)
    }

    @Test func send_sendsAllBytes_throughAFullSocket() throws {
        let harness = try RingHarness()
        let pair = try SocketPair(nonBlocking: true)
        let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: 4 << 20, alignment: 8)
        defer { bytes.deallocate() }
        for index in 0..<bytes.count { bytes[index] = UInt8(truncatingIfNeeded: index >> 12) }
        _ = harness.ring.send(pair.left, from: bytes.baseAddress!, count: bytes.count, for: harness.target(1))
        var received: [UInt8] = []
        while received.count < bytes.count {
            try harness.ring.enter(.none)
            received += pair.read(atMost: 1 << 20)
        }
        #expect(try harness.next(1).result == Int32(bytes.count))
        #expect(received.elementsEqual(bytes))
    }

    @Test func sendMessage_gathersItsPieces() throws {
        let harness = try RingHarness()
        let pair = try SocketPair()
        let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: 6, alignment: 8)
        defer { bytes.deallocate() }
        bytes.copyBytes(from: 1...6)
        var vector = [
            iovec(iov_base: bytes.baseAddress!, iov_len: 2), iovec(iov_base: bytes.baseAddress! + 3, iov_len: 3),
        ]
        try vector.withUnsafeMutableBufferPointer { pieces in
            var message = msghdr()
            message.msg_iov = pieces.baseAddress
            message.msg_iovlen = 2
            try withUnsafePointer(to: &message) { pointer in
                _ = harness.ring.sendMessage(pair.left, pointer, for: harness.target(1))
                let sent = try harness.next(1)
                #expect(sent.result == 5)
            }
        }
        #expect(pair.read() == [1, 2, 4, 5, 6])
    }

    @Test func send_toAClosedPeer_failsWithoutASignal() throws {
        let harness = try RingHarness()
        let pair = try SocketPair()
        pair.closeRight()
        let byte = UnsafeMutableRawPointer.allocate(byteCount: 1, alignment: 1)
        defer { byte.deallocate() }
        _ = harness.ring.send(pair.left, from: byte, count: 1, for: harness.target(1))
        #expect(try harness.next(1).result == -EPIPE)
    }

    @Test func read_readsAtItsOffset() throws {
        let harness = try RingHarness()
        let stream = try #require(tmpfile())
        defer { fclose(stream) }
        let file = fileno(stream)
        #expect(write(file, [10, 11, 12, 13] as [UInt8], 4) == 4)
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 8, alignment: 8)
        defer { memory.deallocate() }
        _ = harness.ring.read(file, into: memory.baseAddress!, count: 8, offset: 2, for: harness.target(1))
        #expect(try harness.next(1).result == 2)
        #expect(Array(memory.prefix(2)) == [12, 13])
    }

    @Test func poll_reportsReadinessOnce() throws {
        let harness = try RingHarness()
        let pair = try SocketPair()
        _ = harness.ring.poll(pair.left, events: UInt32(POLLIN), for: harness.target(1))
        pair.write([1])
        let completion = try harness.next(1)
        #expect(completion.result & Int32(POLLIN) != 0)
        #expect(!completion.hasMore)
    }

    @Test func cancel_endsAReceive_withAFinalCompletion() throws {
        let harness = try RingHarness()
        let pair = try SocketPair()
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 8, alignment: 8)
        defer { memory.deallocate() }
        _ = harness.ring.receive(pair.left, into: memory.baseAddress!, count: 8, for: harness.target(1))
        try harness.ring.enter(.none)
        #expect(try harness.cancel(1).result == -ECANCELED)
        // The cancelled receive has lost no bytes.
        pair.write([9])
        _ = harness.ring.receive(pair.left, into: memory.baseAddress!, count: 8, for: harness.target(2))
        #expect(try harness.next(2).result == 1)
        #expect(harness.ring.ignoredFailures == 0)
    }

    @Test func everyKind_hasAUniqueName() {
        let names = OperationKind.allCases.map(\.name)
        #expect(Set(names).count == names.count)
        #expect(names.allSatisfy { $0.hasPrefix("IORING_OP_") })
    }
}
