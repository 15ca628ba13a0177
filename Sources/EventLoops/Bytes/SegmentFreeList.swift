/// Free segments of one size, up to a limit.
final class SegmentFreeList {
    typealias Node = UnsafeMutablePointer<Segment>

    private var first: Node?
    private var count = 0
    private let limit: Int

    init(limit: Int) {
        self.limit = limit
    }

    deinit {
        while let node = pop() { UnsafeMutableRawPointer(node).deallocate() }
    }

    func pop() -> Node? {
        guard let node = first else { return nil }
        first = node.pointee.next
        count -= 1
        return node
    }

    func push(_ node: Node) {
        guard count < limit else { return UnsafeMutableRawPointer(node).deallocate() }
        node.pointee.next = first
        first = node
        count += 1
    }
}
