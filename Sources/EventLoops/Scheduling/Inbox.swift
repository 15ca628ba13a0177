internal import Kernel
import Synchronization

/// Entries that other threads post to the loop.
///
/// A linked list, newest first: a post adds a link at the front, and the loop takes the whole list at once. Neither
/// side ever waits for the other, even if a thread is interrupted in the middle, and a forked child never inherits a
/// held lock. A post makes a system call to wake the loop only if the loop has announced that it will sleep and has not
/// been woken since.
package final class Inbox: @unchecked Sendable {
    /// The state of the loop's sleep.
    private enum Sleep {
        static let awake: UInt8 = 0
        static let asleep: UInt8 = 1
        static let notified: UInt8 = 2
    }

    private let newest = Atomic(InboxLink.none)
    /// The contents at the time of closing, for the last drain.
    private var last = InboxLink.none
    private let sleep = Atomic(Sleep.awake)
    /// Written only while the waker's lock is held.
    private let wakeCount = Atomic(0)
    /// Guards the waker, which wakes the loop's thread.
    ///
    /// The waker is removed under this lock when the loop closes, so that no wake-up uses a closed descriptor.
    private let wakerLock = Lock()
    private var waker: (@Sendable () -> Void)?

    package init() {}

    deinit {
        takeNoMore()
        // Without the lock: no other thread has a reference, and in a forked child the lock may be held.
        waker = nil
        drain { $0.discard() }
    }

    package func setWaker(_ wake: (@Sendable () -> Void)?) {
        wakerLock.withLock { waker = wake }
    }

    /// Posts a handle; returns false and drops the handle if the loop is closed.
    package func post(_ handle: PostedHandle) -> Bool {
        let link = InboxLink(handle)
        if add(link) { return true }
        link.take().discard()
        return false
    }

    /// Posts an entry; returns false and leaves the entry to the caller if the loop is closed.
    package func post(_ entry: ReadyEntry) -> Bool {
        let link = InboxLink(entry)
        if add(link) { return true }
        _ = link.take()
        return false
    }

    /// Adds the link at the front; false if the inbox is closed.
    private func add(_ link: InboxLink) -> Bool {
        var older = newest.load(ordering: .relaxed)
        while true {
            if older == .closed { return false }
            link.older = older
            let (isAdded, found) = newest.compareExchange(
                expected: older, desired: link, ordering: .sequentiallyConsistent)
            if isAdded { break }
            older = found
        }
        if sleep.load(ordering: .sequentiallyConsistent) == Sleep.asleep { wake() }
        return true
    }

    /// Wakes the loop if it is asleep.
    package func wake() {
        let (exchanged, _) = sleep.compareExchange(
            expected: Sleep.asleep, desired: Sleep.notified, ordering: .sequentiallyConsistent)
        guard exchanged else { return }
        wakerLock.withLock {
            wakeCount.store(wakeUps &+ 1, ordering: .relaxed)
            waker?()
        }
    }

    /// How often the loop was woken.
    ///
    /// - Thread: Any.
    package var wakeUps: Int {
        wakeCount.load(ordering: .relaxed)
    }

    /// Whether the loop is asleep or about to sleep, and has not been woken.
    ///
    /// - Thread: Any.
    package var isAsleep: Bool {
        sleep.load(ordering: .relaxed) == Sleep.asleep
    }

    /// Announces that the loop is about to sleep; false if an entry has arrived, in which case it must not sleep.
    ///
    /// A poster adds a link and then reads `sleep`. The loop writes `sleep` and then looks for links. Whatever the
    /// order, at least one sees the other's write.
    package func prepareToSleep() -> Bool {
        sleep.store(Sleep.asleep, ordering: .sequentiallyConsistent)
        if newest.load(ordering: .sequentiallyConsistent) != .none {
            sleep.store(Sleep.awake, ordering: .relaxed)
            return false
        }
        return true
    }

    package func wokeUp() {
        // Read before storing: a store in each turn would take the cache line from posting threads.
        if sleep.load(ordering: .relaxed) != Sleep.awake { sleep.store(Sleep.awake, ordering: .relaxed) }
    }

    package var isEmpty: Bool {
        newest.load(ordering: .relaxed) == .none
    }

    /// Removes all entries, in the order in which they were posted.
    ///
    /// Loop thread only.
    package func drain(_ take: (ReadyEntry) -> Void) {
        guard !isEmpty else { return }
        var next = oldestFirst(takeChain())
        while next != .none {
            let link = next
            next = link.older
            take(link.take())
        }
    }

    private func takeChain() -> InboxLink {
        guard newest.load(ordering: .relaxed) == .closed else { return newest.exchange(.none, ordering: .acquiring) }
        defer { last = .none }
        return last
    }

    /// Reverses a list.
    private func oldestFirst(_ chain: InboxLink) -> InboxLink {
        var (left, turned) = (chain, InboxLink.none)
        while left != .none {
            let link = left
            left = link.older
            link.older = turned
            turned = link
        }
        return turned
    }

    /// Refuses further entries.
    ///
    /// One more drain returns the entries that were accepted.
    package func close() {
        takeNoMore()
        setWaker(nil)
    }

    private func takeNoMore() {
        let chain = newest.exchange(.closed, ordering: .sequentiallyConsistent)
        if chain != .closed { last = chain }
    }
}
