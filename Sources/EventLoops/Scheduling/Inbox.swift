import Synchronization

/// What other threads give to the loop.
///
/// A post costs a lock and an append. It wakes the loop, which costs a system call, only when the loop said that it
/// goes to sleep and nobody woke it since.
package final class Inbox: Sendable {
    private struct Contents {
        var entries: [ReadyEntry] = []
        var isClosed = false
    }

    /// The loop's sleep, as posters see it.
    private enum Sleep {
        static let awake: UInt8 = 0
        static let asleep: UInt8 = 1
        static let notified: UInt8 = 2
    }

    private let contents = Mutex(Contents())
    private let isFilled = Atomic(false)
    private let sleep = Atomic(Sleep.awake)
    /// Wakes the loop's thread; taken away when the loop closes, under its own lock, so that no wake meets a closed
    /// descriptor.
    private let waker = Mutex<(@Sendable () -> Void)?>(nil)

    package init() {}

    package func setWaker(_ wake: (@Sendable () -> Void)?) {
        waker.withLock { $0 = wake }
    }

    /// Hands an entry over; false if the loop is closed and the entry was not taken.
    package func post(_ entry: ReadyEntry) -> Bool {
        let taken = contents.withLock { contents in
            guard !contents.isClosed else { return false }
            contents.entries.append(entry)
            return true
        }
        guard taken else { return false }
        isFilled.store(true, ordering: .sequentiallyConsistent)
        if sleep.load(ordering: .sequentiallyConsistent) == Sleep.asleep { wake() }
        return true
    }

    /// Wakes the loop if it sleeps.
    package func wake() {
        let (exchanged, _) = sleep.compareExchange(
            expected: Sleep.asleep, desired: Sleep.notified, ordering: .sequentiallyConsistent)
        if exchanged { waker.withLock { $0?() } }
    }

    /// Says that the loop is about to sleep; false if something came in, and then it must not.
    ///
    /// Poster: fill, then look at `sleep`. Loop: set `sleep`, then look at `isFilled`. In any order one sees the other.
    package func prepareToSleep() -> Bool {
        sleep.store(Sleep.asleep, ordering: .sequentiallyConsistent)
        if isFilled.load(ordering: .sequentiallyConsistent) {
            sleep.store(Sleep.awake, ordering: .relaxed)
            return false
        }
        return true
    }

    package func wokeUp() {
        sleep.store(Sleep.awake, ordering: .relaxed)
    }

    package var isEmpty: Bool {
        !isFilled.load(ordering: .relaxed)
    }

    /// Moves what came in to the ready queue.
    ///
    /// `spare` lends its memory, so that a busy inbox does not allocate.
    package func drain(into ready: ReadyQueue, spare: inout [ReadyEntry]) {
        guard isFilled.load(ordering: .acquiring) else { return }
        isFilled.store(false, ordering: .relaxed)
        nonisolated(unsafe) var taken: [ReadyEntry] = []
        swap(&taken, &spare)
        taken = contents.withLock { [taken] contents in
            let arrived = contents.entries
            contents.entries = taken
            return arrived
        }
        for entry in taken { ready.append(entry) }
        taken.removeAll(keepingCapacity: true)
        swap(&taken, &spare)
    }

    /// Takes no more entries.
    ///
    /// Those that it took are there for one more drain, even those whose posters have not got so far as to say so.
    package func close() {
        contents.withLock { $0.isClosed = true }
        isFilled.store(true, ordering: .sequentiallyConsistent)
        setWaker(nil)
    }
}
