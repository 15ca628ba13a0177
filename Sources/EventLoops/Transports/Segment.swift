/// A run of bytes in a queue: where they are, and who must be told when nobody needs them any more.
///
/// Nodes of a singly linked list in memory that the ``SegmentPool`` owns: queues of them allocate nothing.
package struct Segment {
    package enum Storage {
        /// Memory behind the node itself, of the small or of the large size.
        case small
        case large
        /// A piece of the kernel's receive buffers.
        case lent(UInt16)
        /// An object, such as an array's storage, that owns the bytes.
        case owned(Unmanaged<AnyObject>)
    }

    var next: UnsafeMutablePointer<Segment>?
    var memory: UnsafeMutableRawPointer
    /// Bytes before `start` are consumed, those from `end` on are not filled yet.
    var start = 0
    var end: Int
    var capacity: Int
    var storage: Storage

    var unfilled: Int {
        capacity - end
    }

    var bytes: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: memory + start, count: end - start)
    }
}

/// Where segments come from and return to: one for each loop, last in first out, so that hot memory is used again.
package final class SegmentPool: @unchecked Sendable {
    package typealias Node = UnsafeMutablePointer<Segment>

    /// Sizes of a node and its memory together: odd numbers of cache lines, so that the first lines of many nodes
    /// spread over the cache's sets instead of falling on a few.
    private static let smallSize = 17 * 64
    private static let largeSize = 259 * 64
    private static let headerSize = 64
    /// Free nodes beyond these are given back to the allocator: 1 MiB of small and 8 MiB of large ones.
    private static let smallKept = 1024
    private static let largeKept = 512
    /// Shorter runs are cheaper to copy than to keep in the kernel's buffers.
    private static let keepThreshold = 1024
    /// Shorter arrays are cheaper to copy than to retain, and leave fewer pieces to gather.
    private static let ownThreshold = 16 * 1024

    private let small = FreeList(limit: smallKept)
    private let large = FreeList(limit: largeKept)
    private let bare = FreeList(limit: smallKept)
    /// The kernel's receive buffers, where the loop has them.
    private var lentMemory: LentMemory?

    /// The loop's queue, to which nodes are handed that are let go of on other threads; nil where there is one thread
    /// only.
    private let queue: WorkQueue?

    package init(queue: WorkQueue? = nil) {
        self.queue = queue
    }

    package func adopt(_ memory: LentMemory) {
        lentMemory = memory
    }

    /// An empty node with memory for at least some of `count` bytes.
    func block(for count: Int) -> Node {
        let isSmall = count <= Self.smallSize - Self.headerSize
        guard let node = isSmall ? small.pop() : large.pop() else { return Self.makeBlock(isSmall) }
        // Where its memory is, and how much, stays with a block for good.
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

    /// A node that keeps the kernel's buffer in which the bytes lie, if that is possible and worth it.
    func keeping(_ bytes: UnsafeRawBufferPointer) -> Node? {
        guard bytes.count >= Self.keepThreshold, let piece = lentMemory?.keep(bytes) else { return nil }
        return bareNode(bytes, .lent(piece))
    }

    /// A node that keeps a large array; its memory does not move while somebody holds it.
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
        case .lent(let piece):
            lentMemory?.release(piece)
            bare.push(node)
        case .owned(let owner):
            owner.release()
            bare.push(node)
        }
    }

    /// Takes back a whole list of nodes, from whatever thread lets go of it.
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

    deinit {
        small.removeAll()
        large.removeAll()
        bare.removeAll()
    }
}

/// Free nodes of one size.
private final class FreeList {
    private var first: SegmentPool.Node?
    private var count = 0
    private let limit: Int

    init(limit: Int) {
        self.limit = limit
    }

    func pop() -> SegmentPool.Node? {
        guard let node = first else { return nil }
        first = node.pointee.next
        count -= 1
        return node
    }

    func push(_ node: SegmentPool.Node) {
        guard count < limit else { return UnsafeMutableRawPointer(node).deallocate() }
        node.pointee.next = first
        first = node
        count += 1
    }

    func removeAll() {
        while let node = pop() { UnsafeMutableRawPointer(node).deallocate() }
    }
}

/// Holds an array whose bytes are being sent.
private final class ArrayOwner {
    private let array: [UInt8]
    let bytes: UnsafeRawBufferPointer

    init(_ array: [UInt8]) {
        self.array = array
        // An array's elements lie in its one heap object, which `array` keeps: they neither move nor change, because a
        // writer elsewhere copies first.
        bytes = array.withUnsafeBytes { $0 }
    }
}
