/// A list that grows and shrinks at both ends: a ring of elements.
///
/// The memory is managed by hand, so that an element is moved without being copied or retained.
final class List {
    private(set) var count = 0
    private var head = 0
    private var capacity = 8
    private var ring: UnsafeMutablePointer<[UInt8]>

    init() {
        ring = .allocate(capacity: capacity)
    }

    deinit {
        removeAll()
        ring.deallocate()
    }

    /// An element by its distance from the left end.
    subscript(index: Int) -> [UInt8] {
        get {
            precondition(0..<count ~= index)
            return ring[position(index)]
        }
        set {
            precondition(0..<count ~= index)
            ring[position(index)] = newValue
        }
    }

    func pushLeft(_ element: [UInt8]) {
        grow()
        head = (head - 1) & (capacity - 1)
        (ring + head).initialize(to: element)
        count += 1
    }

    func pushRight(_ element: [UInt8]) {
        grow()
        (ring + position(count)).initialize(to: element)
        count += 1
    }

    func popLeft() -> [UInt8] {
        precondition(count > 0)
        let element = (ring + head).move()
        head = (head + 1) & (capacity - 1)
        count -= 1
        return element
    }

    func popRight() -> [UInt8] {
        precondition(count > 0)
        count -= 1
        return (ring + position(count)).move()
    }

    func replaceAll(_ elements: [[UInt8]]) {
        removeAll()
        for element in elements { pushRight(element) }
    }

    var elements: [[UInt8]] { (0..<count).map { self[$0] } }

    private func removeAll() {
        for index in 0..<count { (ring + position(index)).deinitialize(count: 1) }
        count = 0
        head = 0
    }

    @inline(__always)
    private func position(_ index: Int) -> Int {
        (head + index) & (capacity - 1)
    }

    private func grow() {
        guard count == capacity else { return }
        let larger = UnsafeMutablePointer<[UInt8]>.allocate(capacity: 2 * capacity)
        let untilEnd = capacity - head
        larger.moveInitialize(from: ring + head, count: untilEnd)
        (larger + untilEnd).moveInitialize(from: ring, count: head)
        ring.deallocate()
        ring = larger
        head = 0
        capacity *= 2
    }
}
