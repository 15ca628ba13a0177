package import Glibc
package import Kernel

/// Datagrams that wait to be sent, each in the form of a message for `sendmsg(2)`.
///
/// A record holds the message's header, address, control messages and bytes in one piece of a block, which stays where
/// it is until the record is removed: the kernel may read it at any time. If everything is sent in each turn, the same
/// block is reused, without an allocation.
package final class DatagramQueue {
    private struct Record {
        /// The distance to the next record.
        var size: Int
        /// How much the datagram contributes to ``DatagramQueue/size``.
        var weight: Int
        var wasRepeated = false
        var header = msghdr()
        var vector = iovec()
    }

    private struct Block {
        let memory: UnsafeMutableRawPointer
        let capacity: Int
        var used = 0

        init(_ capacity: Int) {
            memory = .allocate(byteCount: capacity, alignment: 16)
            self.capacity = capacity
        }
    }

    /// Added to ``size`` for each datagram: the size of a UDP header, as in asyncio 3.13.
    package static let headerWeight = 8
    private static let blockSize = 128 * 1024

    private let family: AddressFamily
    /// The blocks with records, in order; the last one has free space.
    private var blocks: [Block] = []
    /// An empty block, kept for reuse.
    private var spare: Block?
    /// Where the first record begins in the first block.
    private var head = 0
    /// The number of datagrams.
    package private(set) var count = 0
    /// The bytes of all datagrams, and ``headerWeight`` for each.
    package private(set) var size = 0

    /// - Parameter family: The family of the socket.
    package init(family: AddressFamily) {
        self.family = family
    }

    deinit {
        for block in blocks { block.memory.deallocate() }
        spare?.memory.deallocate()
    }

    package var isEmpty: Bool {
        count == 0
    }

    // MARK: Adding

    /// Copies a datagram into the queue.
    ///
    /// - Parameter address: The destination; nil if the socket is connected.
    package func append(_ bytes: UnsafeRawBufferPointer, to address: SocketAddress?, _ options: DatagramSendOptions?) {
        guard let address else { return append(bytes, name: UnsafeRawBufferPointer(start: nil, count: 0), options) }
        address.withSockAddr { pointer, length in
            append(bytes, name: UnsafeRawBufferPointer(start: pointer, count: Int(length)), options)
        }
    }

    private func append(
        _ bytes: UnsafeRawBufferPointer, name: UnsafeRawBufferPointer, _ options: DatagramSendOptions?
    ) {
        let controlSpace = options == nil ? 0 : Self.aligned(DatagramSendOptions.mostControlBytes)
        let size = MemoryLayout<Record>.stride + Self.aligned(name.count) + controlSpace + Self.aligned(bytes.count)
        let start = reserve(size)
        var record = Record(size: size, weight: bytes.count + Self.headerWeight)
        var next = start + MemoryLayout<Record>.stride
        if let source = name.baseAddress {
            next.copyMemory(from: source, byteCount: name.count)
            record.header.msg_name = next
            record.header.msg_namelen = socklen_t(name.count)
            next += Self.aligned(name.count)
        }
        if let options {
            record.header.msg_controllen = numericCast(options.write(to: next, family: family))
            if record.header.msg_controllen > 0 { record.header.msg_control = next }
            next += controlSpace
        }
        if let source = bytes.baseAddress { next.copyMemory(from: source, byteCount: bytes.count) }
        record.vector = iovec(iov_base: next, iov_len: bytes.count)
        record.header.msg_iovlen = 1
        let place = start.bindMemory(to: Record.self, capacity: 1)
        place.initialize(to: record)
        place.pointee.header.msg_iov = Self.vector(of: place)
        count += 1
        self.size += record.weight
    }

    /// Returns memory for a record at the end of the queue.
    private func reserve(_ size: Int) -> UnsafeMutableRawPointer {
        if blocks.isEmpty || blocks[blocks.count - 1].capacity - blocks[blocks.count - 1].used < size {
            addBlock(atLeast: size)
        }
        let last = blocks.count - 1
        let start = blocks[last].memory + blocks[last].used
        blocks[last].used += size
        return start
    }

    @inline(never)
    private func addBlock(atLeast size: Int) {
        // An empty queue has at most one block, which is too small.
        if isEmpty, let block = blocks.popLast() { release(block) }
        if size <= Self.blockSize, let block = spare.take() {
            blocks.append(block)
        } else {
            blocks.append(Block(max(size, Self.blockSize)))
        }
    }

    private static func aligned(_ size: Int) -> Int {
        (size + 15) & ~15
    }

    // The pointers escape their closures: a record does not move while it is in the queue.

    private static func vector(of record: UnsafeMutablePointer<Record>) -> UnsafeMutablePointer<iovec> {
        withUnsafeMutablePointer(to: &record.pointee.vector) { $0 }
    }

    private static func header(of record: UnsafeMutablePointer<Record>) -> UnsafeMutablePointer<msghdr> {
        withUnsafeMutablePointer(to: &record.pointee.header) { $0 }
    }

    // MARK: Sending

    /// Lists the headers of the first datagrams, at most `most`; returns their number.
    package func gather(into headers: UnsafeMutablePointer<UnsafeMutablePointer<msghdr>>, most: Int) -> Int {
        var listed = 0
        var offset = head
        for block in blocks {
            while offset < block.used, listed < most {
                let record = (block.memory + offset).assumingMemoryBound(to: Record.self)
                (headers + listed).initialize(to: Self.header(of: record))
                listed += 1
                offset += record.pointee.size
            }
            offset = 0
        }
        return listed
    }

    /// Removes the first datagrams.
    package func removeFirst(_ removed: Int) {
        for _ in 0..<min(removed, count) {
            let record = first
            head += record.pointee.size
            size -= record.pointee.weight
            count -= 1
            if head == blocks[0].used { firstBlockIsRead() }
        }
    }

    private var first: UnsafeMutablePointer<Record> {
        (blocks[0].memory + head).assumingMemoryBound(to: Record.self)
    }

    private func firstBlockIsRead() {
        head = 0
        if blocks.count == 1, blocks[0].capacity == Self.blockSize {
            blocks[0].used = 0
        } else {
            release(blocks.removeFirst())
        }
    }

    private func release(_ block: Block) {
        guard spare == nil, block.capacity == Self.blockSize else { return block.memory.deallocate() }
        var block = block
        block.used = 0
        spare = block
    }

    /// Marks the first datagram as repeated; false if it already was.
    package func repeatFirst() -> Bool {
        guard count > 0, !first.pointee.wasRepeated else { return false }
        first.pointee.wasRepeated = true
        return true
    }

    /// The destination of the first datagram; nil if the socket is connected.
    package var firstAddress: SocketAddress? {
        guard count > 0, let name = first.pointee.header.msg_name else { return nil }
        return SocketAddress(name.assumingMemoryBound(to: sockaddr.self), length: first.pointee.header.msg_namelen)
    }

    /// Drops all datagrams and their memory, which the kernel must no longer read.
    package func removeAll() {
        removeBlocks()
        spare?.memory.deallocate()
        spare = nil
        head = 0
        count = 0
        size = 0
    }

    private func removeBlocks() {
        for block in blocks { block.memory.deallocate() }
        blocks = []
    }
}
