/// What the loop can run: a callback, a step of its own, or a job of Swift concurrency.
///
/// A plain value: the queue that holds it owns one reference to a handle.
package enum ReadyEntry: @unchecked Sendable {
    case handle(Unmanaged<Handle>)
    /// A step of the library's own, such as ending a wait that was cancelled on another thread: tasks depend on it, so
    /// it runs even while the loop closes.
    case request(Unmanaged<Handle>)
    /// A task that gave way for one turn.
    case yielded(UnsafeContinuation<Void, Never>)
    /// A job of a task that prefers this loop.
    case taskJob(UnownedJob)
    /// A job of an actor that is pinned to this loop.
    case serialJob(UnownedJob)

    /// Lets go of a callback that will never run, and of all it holds, even if somebody keeps the handle.
    ///
    /// Nothing else can be dropped: tasks would wait for ever.
    package func discard() {
        guard case .handle(let reference) = self else { return }
        reference.takeRetainedValue().forget()
    }
}

/// First in, first out: a ring of entries that grows by doubling and never shrinks.
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

extension Int {
    package var roundedUpToPowerOfTwo: Int {
        self <= 1 ? 1 : 1 << (Int.bitWidth - (self - 1).leadingZeroBitCount)
    }
}
