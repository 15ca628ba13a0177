internal import Kernel
import Synchronization

/// What other threads give to the loop.
///
/// A chain, newest first: a post puts a link before what is there, and the loop takes the whole chain at once. Neither
/// waits for the other, whoever is interrupted in the middle, and a forked child finds no lock taken. A post wakes the
/// loop, which costs a system call, only when the loop said that it goes to sleep and nobody woke it since.
package final class Inbox: @unchecked Sendable {
    /// The loop's sleep, as posters see it.
    private enum Sleep {
        static let awake: UInt8 = 0
        static let asleep: UInt8 = 1
        static let notified: UInt8 = 2
    }

    private let newest = Atomic(InboxLink.none)
    /// What was there when the inbox was closed, for the last drain.
    private var last = InboxLink.none
    private let sleep = Atomic(Sleep.awake)
    /// Written with the waker's lock held only.
    private let wakeCount = Atomic(0)
    /// Wakes the loop's thread; taken away when the loop closes, under its own lock, so that no wake meets a closed
    /// descriptor.
    private let wakerLock = Lock()
    private var waker: (@Sendable () -> Void)?

    package init() {}

    deinit {
        takeNoMore()
        // Nobody else has it, and a forked child may find the lock taken.
        waker = nil
        drain { $0.discard() }
    }

    package func setWaker(_ wake: (@Sendable () -> Void)?) {
        wakerLock.withLock { waker = wake }
    }

    /// Hands a handle over; false if the loop is closed and the handle was not taken.
    package func post(_ handle: PostedHandle) -> Bool {
        let link = InboxLink(handle)
        if add(link) { return true }
        link.take().discard()
        return false
    }

    /// Hands an entry over; false if the loop is closed and the entry was not taken.
    package func post(_ entry: ReadyEntry) -> Bool {
        let link = InboxLink(entry)
        if add(link) { return true }
        _ = link.take()
        return false
    }

    /// Makes the link the newest; false if the inbox is closed.
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
    /// Poster: add a link, then look at `sleep`. Loop: set `sleep`, then look for links. In any order one sees the
    /// other.
    package func prepareToSleep() -> Bool {
        sleep.store(Sleep.asleep, ordering: .sequentiallyConsistent)
        if newest.load(ordering: .sequentiallyConsistent) != .none {
            sleep.store(Sleep.awake, ordering: .relaxed)
            return false
        }
        return true
    }

    package func wokeUp() {
        // Looked at first: a store in each turn would take the cache line away from those who post.
        if sleep.load(ordering: .relaxed) != Sleep.awake { sleep.store(Sleep.awake, ordering: .relaxed) }
    }

    package var isEmpty: Bool {
        newest.load(ordering: .relaxed) == .none
    }

    /// Takes out what came in, in the order in which it came.
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

    /// Turns a chain round.
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

    /// Takes no more entries.
    ///
    /// Those that it took are there for one more drain.
    package func close() {
        takeNoMore()
        setWaker(nil)
    }

    private func takeNoMore() {
        let chain = newest.exchange(.closed, ordering: .sequentiallyConsistent)
        if chain != .closed { last = chain }
    }
}
