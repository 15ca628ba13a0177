internal import Kernel
import Synchronization

/// What other threads give to the loop.
///
/// A post costs a lock and an append. It wakes the loop, which costs a system call, only when the loop said that it
/// goes to sleep and nobody woke it since.
package final class Inbox: @unchecked Sendable {
    /// The loop's sleep, as posters see it.
    private enum Sleep {
        static let awake: UInt8 = 0
        static let asleep: UInt8 = 1
        static let notified: UInt8 = 2
    }

    private let lock = Lock()
    // Both are touched with the lock held only.
    private var entries: [ReadyEntry] = []
    private var isClosed = false
    private let isFilled = Atomic(false)
    private let sleep = Atomic(Sleep.awake)
    /// Written with the waker's lock held only.
    private let wakeCount = Atomic(0)
    /// Wakes the loop's thread; taken away when the loop closes, under its own lock, so that no wake meets a closed
    /// descriptor.
    private let wakerLock = Lock()
    private var waker: (@Sendable () -> Void)?

    package init() {}

    package func setWaker(_ wake: (@Sendable () -> Void)?) {
        wakerLock.withLock { waker = wake }
    }

    /// Hands an entry over; false if the loop is closed and the entry was not taken.
    package func post(_ entry: ReadyEntry) -> Bool {
        let taken = lock.withLock {
            if isClosed { return false }
            entries.append(entry)
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
        guard exchanged else { return }
        wakerLock.withLock {
            wakeCount.store(wakeUps &+ 1, ordering: .relaxed)
            waker?()
        }
    }

    /// How often somebody woke the loop.
    ///
    /// Any thread.
    package var wakeUps: Int {
        wakeCount.load(ordering: .relaxed)
    }

    /// Whether the loop sleeps, or is about to, and nobody has woken it.
    ///
    /// Any thread.
    package var isAsleep: Bool {
        sleep.load(ordering: .relaxed) == Sleep.asleep
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
        lock.withLock { swap(&entries, &spare) }
        for entry in spare { ready.append(entry) }
        spare.removeAll(keepingCapacity: true)
    }

    /// Takes no more entries.
    ///
    /// Those that it took are there for one more drain, even those whose posters have not got so far as to say so.
    package func close() {
        lock.withLock { isClosed = true }
        isFilled.store(true, ordering: .sequentiallyConsistent)
        setWaker(nil)
    }
}
