import EventLoops
import Glibc
import TestSupport
import Testing

@Suite struct InboxTests {
    /// Entries record their thread and their number here as they run.
    private final class Reports: @unchecked Sendable {
        var take: (Int, Int) -> Void = { _, _ in }
    }

    private let reports = Reports()

    /// Every other entry is its own link in the chain, and links are created for the rest: the order must hold across
    /// both.
    private func entry(_ thread: Int, _ number: Int) -> Handle {
        let report = { [reports] in reports.take(thread, number) }
        return number % 2 == 0 ? PostedHandle(report) : Handle(report)
    }

    private func drain(
        _ inbox: Inbox, _ ready: ReadyQueue, _ take: @escaping (Int, Int) -> Void
    ) {
        reports.take = take
        inbox.drain(ready.append)
        while case .handle(let reference)? = ready.popFirst() {
            try? reference.takeRetainedValue().run()
        }
    }

    private func post(_ handle: Handle, to inbox: Inbox) -> Bool {
        if let handle = handle as? PostedHandle { return inbox.post(handle) }
        let reference = Unmanaged.passRetained(handle)
        if inbox.post(.handle(reference)) { return true }
        reference.release()
        return false
    }

    @Test func drain_returnsAllInOrder_andLeavesNothing() {
        let inbox = Inbox()
        let ready = ReadyQueue()
        #expect(inbox.isEmpty)
        for round in 0..<3 {
            for number in 0..<100 { #expect(post(entry(round, number), to: inbox)) }
            #expect(!inbox.isEmpty)
            var seen: [Int] = []
            drain(inbox, ready) { seen.append($1) }
            #expect(seen == Array(0..<100))
            #expect(inbox.isEmpty)
            drain(inbox, ready) { _, _ in Issue.record("the second drain was not empty") }
        }
    }

    @Test func posts_arriveOnceAndInOrder_fromEightThreads() async throws {
        try await onThread {
            let threads = 8
            let each = 12_500
            let inbox = Inbox()
            let helpers = (0..<threads).map { thread in
                HelperThread {
                    for number in 0..<each {
                        let taken = self.post(self.entry(thread, number), to: inbox)
                        if !taken { Issue.record("an open inbox refused a post") }
                    }
                }
            }
            let ready = ReadyQueue()
            var next = [Int](repeating: 0, count: threads)
            var outOfOrder = 0
            while next.contains(where: { $0 < each }) {
                if inbox.isEmpty { sched_yield() }
                self.drain(inbox, ready) { thread, number in
                    if number != next[thread] { outOfOrder += 1 }
                    next[thread] += 1
                }
            }
            for helper in helpers { helper.join() }
            #expect(outOfOrder == 0)
            self.drain(inbox, ready) { _, _ in Issue.record("more entries arrived than were posted") }
        }
    }

    @Test func sleeper_isWoken_byAPostThatItDidNotSee() async throws {
        try await onThread {
            let inbox = Inbox()
            let wakes = SharedCount()
            inbox.setWaker { wakes.add(1) }
            // Awake: posts do not wake it, and it may not sleep while entries are pending.
            #expect(self.post(Handle {}, to: inbox))
            #expect(wakes.value == 0)
            #expect(!inbox.prepareToSleep())
            let ready = ReadyQueue()
            inbox.drain(ready.append)
            // Asleep: the first post wakes it, later ones do not.
            #expect(inbox.prepareToSleep())
            for _ in 0..<10 { #expect(self.post(Handle {}, to: inbox)) }
            inbox.wake()
            #expect(wakes.value == 1)
            inbox.wokeUp()
            #expect(self.post(Handle {}, to: inbox))
            #expect(wakes.value == 1)
            inbox.drain(ready.append)
            #expect(ready.count == 12)
        }
    }

    /// A sleeper and posters that meet at random: a lost wake-up would leave the sleeper waiting.
    @Test func sleeper_missesNoPost_inALongRace() async throws {
        try await onThread {
            let inbox = Inbox()
            let wakes = SharedCount()
            inbox.setWaker { wakes.add(1) }
            let total = 20_000
            let helpers = (0..<3).map { thread in
                HelperThread {
                    for number in 0..<total {
                        _ = self.post(self.entry(thread, number), to: inbox)
                        if number % 128 == 0 { sched_yield() }
                    }
                }
            }
            let ready = ReadyQueue()
            var taken = 0
            while taken < total * 3 {
                let before = wakes.value
                if inbox.prepareToSleep() {
                    var patience = 0
                    while wakes.value == before, patience < 100_000 {
                        patience += 1
                        if patience > 100 { usleep(50) }
                    }
                    try #require(patience < 100_000, "no post woke the sleeper")
                    inbox.wokeUp()
                }
                self.drain(inbox, ready) { _, _ in taken += 1 }
            }
            for helper in helpers { helper.join() }
            #expect(taken == total * 3)
        }
    }

    /// Every accepted post must be in the last drain, whenever the inbox is closed.
    @Test func close_losesNoAcceptedPost_inARaceWithPosts() async throws {
        try await onThread {
            for round in 0..<600 {
                let inbox = Inbox()
                let taken = SharedCount()
                let hasBegun = SharedCount()
                let helpers = (0..<2).map { thread in
                    HelperThread {
                        var number = 0
                        while self.post(self.entry(thread, number), to: inbox) {
                            number += 1
                            if number == 1 { hasBegun.add(1) }
                            // Lets the closing thread run in between.
                            if number % 8 == 0 { sched_yield() }
                        }
                        taken.add(number)
                    }
                }
                while hasBegun.value == 0 { sched_yield() }
                let ready = ReadyQueue()
                var drained = 0
                if round % 2 == 0 { self.drain(inbox, ready) { _, _ in drained += 1 } }
                inbox.close()
                self.drain(inbox, ready) { _, _ in drained += 1 }
                for helper in helpers { helper.join() }
                try #require(drained == taken.value)
                #expect(!self.post(Handle {}, to: inbox))
            }
        }
    }

    @Test func closedInbox_retainsNothing_thatItRefused() {
        let inbox = Inbox()
        inbox.close()
        weak var held: SharedCount?
        do {
            let count = SharedCount()
            held = count
            #expect(!inbox.post(PostedHandle { count.add(1) }))
        }
        #expect(held == nil)
    }

    @Test func inbox_releasesItsEntries_onDeinit() {
        weak var handle: Handle?
        do {
            let inbox = Inbox()
            let posted = PostedHandle {}
            handle = posted
            #expect(inbox.post(posted))
        }
        #expect(handle == nil)
    }

    @Test func waker_isNotCalled_afterClose() {
        let inbox = Inbox()
        let wakes = SharedCount()
        inbox.setWaker { wakes.add(1) }
        #expect(inbox.prepareToSleep())
        inbox.close()
        #expect(!post(Handle {}, to: inbox))
        inbox.wake()
        #expect(wakes.value == 0)
    }
}
