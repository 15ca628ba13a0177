/// A first-in, first-out queue: a ring of entries that grows by doubling and never shrinks.
package final class ReadyQueue {
    private var storage: UnsafeMutablePointer<ReadyEntry>
    private var mask: Int
    private var head = 0
    private var length = 0

    package var count: Int {
        length
    }

    package init(minimumCapacity: Int = 256) {
        let capacity = minimumCapacity.roundedUpToPowerOfTwo
        storage = .allocate(capacity: capacity)
        mask = capacity - 1
    }

    package func append(_ entry: ReadyEntry) {
        if length > mask { grow() }
        (storage + ((head &+ length) & mask)).initialize(to: entry)
        length &+= 1
    }

    package func popFirst() -> ReadyEntry? {
        guard length > 0 else { return nil }
        let entry = (storage + head).move()
        head = (head &+ 1) & mask
        length &-= 1
        return entry
    }

    private func grow() {
        let larger = UnsafeMutablePointer<ReadyEntry>.allocate(capacity: (mask + 1) * 2)
        for index in 0..<length {
            (larger + index).initialize(to: storage[(head + index) & mask])
        }
        storage.deallocate()
        storage = larger
        mask = (mask + 1) * 2 - 1
        head = 0
    }

    deinit {
        for index in 0..<length {
            storage[(head + index) & mask].discard()
        }
        storage.deallocate()
    }
}
