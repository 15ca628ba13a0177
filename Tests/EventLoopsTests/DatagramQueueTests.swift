import EventLoops
import Glibc
import Kernel
import TestSupport
import Testing

/// Datagrams as messages that the kernel takes: their parts, their order, and their memory.
@Suite struct DatagramQueueTests {
    private typealias Headers = UnsafeMutablePointer<UnsafeMutablePointer<msghdr>>

    private func append(_ bytes: [UInt8], to address: SocketAddress? = nil, _ queue: DatagramQueue) {
        bytes.withUnsafeBytes { queue.append($0, to: address, nil) }
    }

    /// The bytes of the first datagrams.
    private func listed(_ queue: DatagramQueue, most: Int = 64) -> [[UInt8]] {
        let headers = Headers.allocate(capacity: most)
        defer { headers.deallocate() }
        return (0..<queue.gather(into: headers, most: most)).map { index in
            let vector = headers[index].pointee.msg_iov[0]
            #expect(headers[index].pointee.msg_iovlen == 1)
            return Array(UnsafeRawBufferPointer(start: vector.iov_base, count: vector.iov_len))
        }
    }

    @Test func datagrams_areListedInOrder_andCounted() {
        let queue = DatagramQueue(family: .ipv4)
        #expect(queue.isEmpty && queue.size == 0 && listed(queue).isEmpty)
        for size in [3, 0, 5] { append(Pattern.bytes(size), queue) }
        #expect(queue.count == 3 && queue.size == 3 + 5 + 3 * DatagramQueue.headerWeight)
        #expect(listed(queue) == [Pattern.bytes(3), [], Pattern.bytes(5)])
        #expect(listed(queue, most: 2) == [Pattern.bytes(3), []])
        queue.removeFirst(1)
        #expect(listed(queue) == [[], Pattern.bytes(5)] && queue.size == 5 + 16)
        queue.removeFirst(9)
        #expect(queue.isEmpty && queue.size == 0 && listed(queue).isEmpty)
    }

    @Test func headers_haveTheAddressAndTheControlMessages() throws {
        let queue = DatagramQueue(family: .ipv4)
        let address = try SocketAddress(ipAddress: "127.0.0.1", port: 7)
        let options = DatagramSendOptions(segmentSize: 2)
        [1, 2, 3].withUnsafeBytes { queue.append($0, to: address, options) }
        let headers = Headers.allocate(capacity: 1)
        defer { headers.deallocate() }
        try #require(queue.gather(into: headers, most: 1) == 1)
        let header = headers[0].pointee
        let name = try #require(header.msg_name)
        #expect(SocketAddress(name.assumingMemoryBound(to: sockaddr.self), length: header.msg_namelen) == address)
        #expect(header.msg_controllen > 0 && header.msg_control != nil && header.msg_flags == 0)
        #expect(queue.firstAddress == address)
        queue.removeFirst(1)
        #expect(queue.firstAddress == nil)
        append([1], queue)
        #expect(queue.firstAddress == nil && !queue.isEmpty)
    }

    /// Blocks of memory come and go; a listed datagram does not move.
    @Test func randomSizes_keepTheirOrderAndTheirPlace() {
        let queue = DatagramQueue(family: .ipv6)
        var random = SeededRandom(7)
        var expected: [Int] = []
        let headers = Headers.allocate(capacity: 64)
        defer { headers.deallocate() }
        for _ in 0..<3000 {
            for _ in 0..<Int.random(in: 0...5, using: &random) {
                let size = Int.random(in: 0..<4, using: &random) == 0 ? Int.random(in: 0...200_000, using: &random) : 60
                append(Pattern.bytes(size), queue)
                expected.append(size)
            }
            let count = queue.gather(into: headers, most: 64)
            #expect(count == min(64, expected.count))
            append([9], queue)
            expected.append(1)
            for index in 0..<count {
                let vector = headers[index].pointee.msg_iov[0]
                #expect(vector.iov_len == expected[index])
            }
            let removed = Int.random(in: 0...max(count, 1), using: &random)
            queue.removeFirst(removed)
            expected.removeFirst(min(removed, expected.count))
            #expect(queue.count == expected.count)
            #expect(queue.size == expected.reduce(0) { $0 + $1 + DatagramQueue.headerWeight })
        }
        queue.removeAll()
        #expect(queue.isEmpty && queue.size == 0)
        append([1], queue)
        #expect(listed(queue) == [[1]])
    }

    @Test func first_isRepeatedOnce() {
        let queue = DatagramQueue(family: .ipv4)
        #expect(!queue.repeatFirst())
        append([1], queue)
        append([2], queue)
        #expect(queue.repeatFirst() && !queue.repeatFirst())
        queue.removeFirst(1)
        #expect(queue.repeatFirst())
    }
}
