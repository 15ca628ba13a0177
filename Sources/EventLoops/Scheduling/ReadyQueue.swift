/// What the loop can run: a callback, or a job of Swift concurrency.
///
/// A plain value: the queue that holds it owns one reference to a handle.
package enum ReadyEntry: @unchecked Sendable {
    case handle(Unmanaged<Handle>)
    /// A job of a task that prefers this loop.
    case taskJob(UnownedJob)
    /// A job of an actor that is pinned to this loop.
    case serialJob(UnownedJob)

    /// Lets go of an entry that will never run. Jobs cannot be dropped: their tasks would wait for ever.
    package func discard() {
        if case .handle(let handle) = self { handle.release() }
    }
}

/// First in, first out: a ring of entries that grows by doubling and never shrinks.
package struct ReadyQueue: ~Copyable {
    private var storage: UnsafeMutablePointer<ReadyEntry>
    private var mask: Int
    private var head = 0
    package private(set) var count = 0

    package init(minimumCapacity: Int = 256) {
        let capacity = minimumCapacity.roundedUpToPowerOfTwo
        storage = .allocate(capacity: capacity)
        mask = capacity - 1
    }

    package mutating func append(_ entry: ReadyEntry) {
        if count > mask { grow() }
        (storage + ((head &+ count) & mask)).initialize(to: entry)
        count &+= 1
    }

    package mutating func popFirst() -> ReadyEntry? {
        guard count > 0 else { return nil }
        let entry = (storage + head).move()
        head = (head &+ 1) & mask
        count &-= 1
        return entry
    }

    private mutating func grow() {
        let larger = UnsafeMutablePointer<ReadyEntry>.allocate(capacity: (mask + 1) * 2)
        for index in 0..<count {
            (larger + index).initialize(to: storage[(head + index) & mask])
        }
        storage.deallocate()
        storage = larger
        mask = (mask + 1) * 2 - 1
        head = 0
    }

    deinit {
        for index in 0..<count {
            storage[(head + index) & mask].discard()
        }
        storage.deallocate()
    }
}

extension Int {
    package var roundedUpToPowerOfTwo: Int {
        self <= 1 ? 1 : 1 << (Int.bitWidth - (self - 1).leadingZeroBitCount)
    }
}
