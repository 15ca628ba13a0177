/// A pool of segments, one per loop: last in, first out, so that memory that is still in the caches is reused.
package final class SegmentPool: @unchecked Sendable {
    package typealias Node = UnsafeMutablePointer<Segment>

    /// Sizes of a node and its memory together: odd numbers of cache lines, so that the first lines of many nodes
    /// spread over the cache's sets instead of sharing a few.
    private static let smallSize = 17 * 64
    private static let largeSize = 259 * 64
    private static let headerSize = 64
    /// How many free nodes are kept: 1 MiB of small and 8 MiB of large ones.
    private static let smallKept = 1024
    private static let largeKept = 512
    /// Shorter runs are cheaper to copy than to keep in the receive buffers.
    private static let keepThreshold = 1024
    /// Shorter arrays are cheaper to copy than to retain, and leave fewer runs to gather.
    private static let ownThreshold = 16 * 1024

    private let small = SegmentFreeList(limit: smallKept)
    private let large = SegmentFreeList(limit: largeKept)
    private let bare = SegmentFreeList(limit: smallKept)
    /// The loop's receive buffers, retained until the pool is released: segments refer to them without a retain of
    /// their own.
    private var lent: [Unmanaged<LentMemory>] = []

    /// The loop's queue, which returns nodes that other threads release; nil if only one thread uses the pool.
    private let queue: WorkQueue?

    package init(queue: WorkQueue? = nil) {
        self.queue = queue
    }

    deinit {
        for memory in lent { memory.release() }
    }

    /// Lets segments keep pieces of receive buffers instead of copying their bytes; called once per kind of buffer.
    package func adopt(_ memory: LentMemory) {
        lent.append(.passRetained(memory))
    }

    /// An empty node with memory for at least some of `count` bytes.
    func block(for count: Int) -> Node {
        let isSmall = count <= Self.smallSize - Self.headerSize
        guard let node = isSmall ? small.pop() : large.pop() else { return Self.makeBlock(isSmall) }
        // A block keeps its memory and capacity permanently.
        node.pointee.next = nil
        node.pointee.start = 0
        node.pointee.end = 0
        return node
    }

    private static func makeBlock(_ isSmall: Bool) -> Node {
        let size = isSmall ? smallSize : largeSize
        let node = allocate(size)
        node.initialize(
            to: Segment(
                next: nil, memory: UnsafeMutableRawPointer(node) + headerSize, end: 0, capacity: size - headerSize,
                storage: isSmall ? .small : .large))
        return node
    }

    /// A node that keeps the receive buffer in which the bytes lie, if that is possible and worthwhile.
    func keeping(_ bytes: UnsafeRawBufferPointer) -> Node? {
        guard bytes.count >= Self.keepThreshold else { return nil }
        for memory in lent {
            guard let piece = memory._withUnsafeGuaranteedRef({ $0.keep(bytes) }) else { continue }
            return bareNode(bytes, .lent(memory, piece))
        }
        return nil
    }

    /// A node that keeps a large array; its memory does not move while it is retained.
    func keeping(_ bytes: [UInt8]) -> Node? {
        guard bytes.count >= Self.ownThreshold else { return nil }
        let owner = ArrayOwner(bytes)
        return bareNode(owner.bytes, .owned(.passRetained(owner)))
    }

    private func bareNode(_ bytes: UnsafeRawBufferPointer, _ storage: Segment.Storage) -> Node? {
        guard let start = bytes.baseAddress else { return nil }
        let node = bare.pop() ?? Self.allocate(Self.headerSize)
        node.initialize(
            to: Segment(
                next: nil, memory: UnsafeMutableRawPointer(mutating: start), end: bytes.count, capacity: bytes.count,
                storage: storage))
        return node
    }

    func recycle(_ node: Node) {
        switch node.pointee.storage {
        case .small: small.push(node)
        case .large: large.push(node)
        case .lent(let memory, let piece):
            memory._withUnsafeGuaranteedRef { $0.release(piece) }
            bare.push(node)
        case .owned(let owner):
            owner.release()
            bare.push(node)
        }
    }

    /// Takes back a list of nodes, on any thread.
    func recycle(list first: Node) {
        guard let queue, !queue.ownership.isHome else { return recycleHere(first) }
        nonisolated(unsafe) let first = first
        queue.performOnLoop { self.recycleHere(first) }
    }

    private func recycleHere(_ first: Node) {
        var node: Node? = first
        while let current = node {
            node = current.pointee.next
            recycle(current)
        }
    }

    private static func allocate(_ size: Int) -> Node {
        UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 64).bindMemory(to: Segment.self, capacity: 1)
    }
}
