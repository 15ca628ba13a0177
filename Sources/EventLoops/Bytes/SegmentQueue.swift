package import Glibc

/// A queue of bytes that are waiting to be sent or to be read.
///
/// Short runs are copied into blocks; long ones stay where they are if their memory can be retained.
///
/// A class rather than a struct, like all state on the data path: mutating a struct in place inside a class costs an
/// exclusivity check each time, which was the largest cost there.
package class SegmentQueue {
    private final let pool: SegmentPool
    private final var head: SegmentPool.Node?
    private final var tail: SegmentPool.Node?
    /// Bytes in the queue.
    package final var count: Int {
        length
    }

    private final var length = 0
    /// Bytes consumed so far, modulo the word size: cursors compare it to detect that they are invalid.
    private final var consumed = 0

    package init(pool: SegmentPool) {
        self.pool = pool
    }

    package final var isEmpty: Bool {
        length == 0
    }

    // MARK: Filling

    package final func append(_ bytes: UnsafeRawBufferPointer) {
        if let node = pool.keeping(bytes) { link(node) } else { copy(bytes) }
    }

    package final func append(_ bytes: [UInt8]) {
        if let node = pool.keeping(bytes) { link(node) } else { bytes.withUnsafeBytes { copy($0) } }
    }

    private final func link(_ node: SegmentPool.Node) {
        if let tail { tail.pointee.next = node } else { head = node }
        tail = node
        length += node.pointee.bytes.count
    }

    private final func copy(_ bytes: UnsafeRawBufferPointer) {
        guard let source = bytes.baseAddress, !bytes.isEmpty else { return }
        let node = unfilledTail(for: bytes.count)
        guard node.pointee.unfilled >= bytes.count else { return copyInPieces(bytes, source) }
        (node.pointee.memory + node.pointee.end).copyMemory(from: source, byteCount: bytes.count)
        node.pointee.end += bytes.count
        length += bytes.count
    }

    private final func copyInPieces(_ bytes: UnsafeRawBufferPointer, _ source: UnsafeRawPointer) {
        var copied = 0
        while copied < bytes.count {
            let node = unfilledTail(for: bytes.count - copied)
            let count = min(node.pointee.unfilled, bytes.count - copied)
            (node.pointee.memory + node.pointee.end).copyMemory(from: source + copied, byteCount: count)
            node.pointee.end += count
            copied += count
        }
        length += copied
    }

    /// The last block if it has space left, otherwise a new one.
    private final func unfilledTail(for count: Int) -> SegmentPool.Node {
        if let tail, tail.pointee.unfilled > 0 { return tail }
        let node = pool.block(for: count)
        link(node)
        return node
    }

    // MARK: Reading

    /// The first run of bytes, valid until it is consumed; empty if the queue is empty.
    package final var first: UnsafeRawBufferPointer {
        head?.pointee.bytes ?? UnsafeRawBufferPointer(start: nil, count: 0)
    }

    /// Fills `vectors`, which has space for ``Gathering/mostRuns``, with the bytes at the front of the queue, up to the
    /// limit of one send.
    package final func gather(into vectors: UnsafeMutablePointer<iovec>) -> Gathering {
        var gathering = Gathering()
        var node = head
        while let current = node, gathering.runs < Gathering.mostRuns, gathering.bytes < Gathering.mostBytes {
            let length = min(current.pointee.end - current.pointee.start, Gathering.mostBytes - gathering.bytes)
            vectors[gathering.runs] = iovec(
                iov_base: current.pointee.memory + current.pointee.start, iov_len: length)
            gathering.runs += 1
            gathering.bytes += length
            node = current.pointee.next
        }
        return gathering
    }

    /// Removes bytes at the front.
    package final func consume(_ length: Int) {
        assert(length <= self.length, "more bytes are consumed than the queue holds")
        var left = length
        self.length -= length
        consumed &+= length
        while let node = head {
            let available = node.pointee.end - node.pointee.start
            if left < available {
                node.pointee.start += left
                return
            }
            left -= available
            head = node.pointee.next
            if head == nil { tail = nil }
            pool.recycle(node)
        }
    }

    package final func removeAll() {
        consume(length)
    }

    /// Calls `body` with each run of the first `length` bytes, in order.
    package final func forEachRun(of length: Int, _ body: (UnsafeRawBufferPointer) -> Void) {
        var left = length
        var node = head
        while let current = node, left > 0 {
            let bytes = current.pointee.bytes
            body(UnsafeRawBufferPointer(rebasing: bytes.prefix(left)))
            left -= min(left, bytes.count)
            node = current.pointee.next
        }
    }

    // MARK: Reading on from a cursor

    /// A cursor before the first byte.
    package final var front: SegmentCursor {
        SegmentCursor(consumed: consumed)
    }

    package final func isValid(_ cursor: SegmentCursor) -> Bool {
        cursor.consumed == consumed
    }

    /// Returns the bytes from a valid cursor to the end of their segment, and moves the cursor past them; nil at the
    /// end of the queue.
    package final func nextRun(from cursor: inout SegmentCursor) -> UnsafeRawBufferPointer? {
        var node = cursor.node ?? head
        var offset = cursor.node == nil ? node?.pointee.start ?? 0 : cursor.offset
        while let current = node {
            let end = current.pointee.end
            if offset < end {
                let run = UnsafeRawBufferPointer(start: current.pointee.memory + offset, count: end - offset)
                cursor.node = current
                cursor.offset = end
                cursor.position += run.count
                return run
            }
            node = current.pointee.next
            offset = node?.pointee.start ?? 0
        }
        return nil
    }

    deinit {
        if let head { pool.recycle(list: head) }
    }
}
