/// A list that grows and shrinks at both ends: a ring of elements.
final class List {
    private(set) var count = 0
    private var ring: [[UInt8]] = Array(repeating: [], count: 8)
    private var head = 0

    /// An element by its distance from the left end.
    subscript(index: Int) -> [UInt8] {
        get { ring[position(index)] }
        set { ring[position(index)] = newValue }
    }

    func pushLeft(_ element: [UInt8]) {
        grow()
        head = (head - 1) & (ring.count - 1)
        ring[head] = element
        count += 1
    }

    func pushRight(_ element: [UInt8]) {
        grow()
        ring[position(count)] = element
        count += 1
    }

    /// - Precondition: The list has elements.
    func popLeft() -> [UInt8] {
        let element = take(head)
        head = (head + 1) & (ring.count - 1)
        count -= 1
        return element
    }

    /// - Precondition: The list has elements.
    func popRight() -> [UInt8] {
        count -= 1
        return take(position(count))
    }

    func replaceAll(_ elements: [[UInt8]]) {
        ring = Array(repeating: [], count: 8)
        head = 0
        count = 0
        for element in elements { pushRight(element) }
    }

    var elements: [[UInt8]] { (0..<count).map { self[$0] } }

    private func take(_ position: Int) -> [UInt8] {
        var element: [UInt8] = []
        swap(&element, &ring[position])
        return element
    }

    private func position(_ index: Int) -> Int {
        (head + index) & (ring.count - 1)
    }

    private func grow() {
        guard count == ring.count else { return }
        let elements = elements
        ring = elements + Array(repeating: [], count: elements.count)
        head = 0
    }
}
