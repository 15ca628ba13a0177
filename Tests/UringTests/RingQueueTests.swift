import Glibc
import Kernel
import TestSupport
import Testing
import Uring

@Suite("Full queues", .needsRing)
struct RingQueueTests {
    @Test func fiveThousandOperations_passThroughEightEntries() throws {
        let harness = try RingHarness(RingConfiguration(entries: 8, completionEntries: 16))
        for tag in 0..<5000 { harness.nop(UInt64(tag)) }
        let tags = try harness.wait(for: 5000).map(\.tag)
        #expect(tags == Array(0..<5000))
        #expect(harness.ring.entriesSubmitted == 5000)
        #expect(harness.ring.entriesQueued == 5000)
    }

    @Test func overflowedCompletions_allArriveInOrder() throws {
        let harness = try RingHarness(RingConfiguration(entries: 8, completionEntries: 8))
        for tag in 0..<40 { harness.nop(UInt64(tag)) }
        try harness.ring.enter(.none)
        harness.reap()
        #expect(harness.completions.map(\.tag) == Array(0..<40))
    }

    @Test func dispatchedTarget_mayQueueOperations_andEnter() throws {
        let harness = try RingHarness(RingConfiguration(entries: 4, completionEntries: 8))
        harness.nop(0)
        try harness.ring.enter(.forever)
        harness.whenCompleted = { [unowned harness] completion in
            let tag = completion.tag
            // More entries than the queue holds, and a wait that must not sleep because completions are pending.
            if tag < 100 { for step in 1...9 { harness.nop(tag * 10 + UInt64(step) + 100) } }
            if tag == 0 { for root in 1..<100 { harness.nop(UInt64(root)) } }
            #expect(throws: Never.self) { try harness.ring.enter(.forever) }
        }
        while harness.completions.count < 1000 {
            try harness.ring.enter(.forever)
            harness.reap()
        }
        #expect(Set(harness.completions.map(\.tag)).count == 1000)
        #expect(harness.ring.isBalanced)
    }

    @Test func ignoredCompletions_areNotReported_butFailuresAreCounted() throws {
        let harness = try RingHarness()
        harness.ring.cancel(4711)
        harness.ring.cancel(4712)
        harness.nop(1)
        #expect(try harness.wait(for: 1).map(\.tag) == [1])
        #expect(harness.ring.ignoredFailures == 2)
        #expect(harness.ring.completionsReaped == 3)
    }

    #if DEBUG
        @Test func dispatchDuringDispatch_isAProgrammingError() async {
            await #expect(processExitsWith: .failure) {
                let harness = try RingHarness()
                harness.nop(1)
                try harness.ring.enter(.forever)
                harness.whenCompleted = { _ in harness.reap() }
                harness.reap()
            }
        }

        @Test func closeDuringDispatch_isAProgrammingError() async {
            await #expect(processExitsWith: .failure) {
                let harness = try RingHarness()
                harness.nop(1)
                try harness.ring.enter(.forever)
                harness.whenCompleted = { _ in harness.ring.close() }
                harness.reap()
            }
        }
    #endif

    @Test func operationOnAClosedRing_isAProgrammingError() async {
        await #expect(processExitsWith: .failure) {
            let harness = try RingHarness()
            harness.ring.close()
            harness.nop(1)
        }
    }
}

#if DEBUG
    @Suite("A kernel that refuses submissions for a time", .needsRing)
    struct RingSpillTests {
        @Test(arguments: [EBUSY, EAGAIN])
        func entries_areSpilled_andSubmittedInOrder(number: Int32) throws {
            let harness = try RingHarness(RingConfiguration(entries: 4, completionEntries: 8))
            let plan = FaultPlan()
            plan.failEnter(with: Errno(rawValue: number))
            harness.ring.faults = plan
            for tag in 0..<200 { harness.nop(UInt64(tag)) }
            #expect(harness.ring.entriesSubmitted == 0)
            try harness.ring.enter(.forever)
            #expect(harness.ring.isBalanced)
            plan.reset()
            for tag in 200..<300 { harness.nop(UInt64(tag)) }
            #expect(try harness.wait(for: 300).map(\.tag) == Array(0..<300))
            #expect(harness.ring.entriesSubmitted == 300)
            // When the spill list is empty, entries are put directly into the queue again.
            harness.nop(300)
            #expect(try harness.wait(for: 301).last?.tag == 300)
        }

        @Test func oneRefusal_keepsTheOrder() throws {
            for call in 1...30 {
                let harness = try RingHarness(RingConfiguration(entries: 2, completionEntries: 4))
                let plan = FaultPlan()
                plan.failEnter(with: Errno(rawValue: EBUSY), .number(call))
                harness.ring.faults = plan
                for tag in 0..<50 { harness.nop(UInt64(tag)) }
                #expect(try harness.wait(for: 50).map(\.tag) == Array(0..<50))
            }
        }

        @Test(arguments: [EINTR, ETIME, EAGAIN, EBUSY])
        func transientRefusal_isNoError_andKeepsEntries(number: Int32) throws {
            let harness = try RingHarness()
            let plan = FaultPlan()
            plan.failEnter(with: Errno(rawValue: number), .number(1))
            harness.ring.faults = plan
            harness.nop(1)
            try harness.ring.enter(.forever)
            #expect(plan.strikes == 1)
            #expect(harness.ring.entriesSubmitted == 0)
            #expect(try harness.wait(for: 1).map(\.tag) == [1])
        }

        @Test func lostCompletions_areReported_byAnyEnter() throws {
            let harness = try RingHarness(RingConfiguration(entries: 2, completionEntries: 4))
            let plan = FaultPlan()
            plan.failEnter(with: Errno(rawValue: EBADR), .number(1))
            harness.ring.faults = plan
            // The third entry forces a submission whose error cannot be thrown; the next enter throws it.
            for tag in 0..<3 { harness.nop(UInt64(tag)) }
            let error = #expect(throws: RingError.self) { try harness.ring.enter(.none) }
            #expect(error?.errno.rawValue == EBADR)
            #expect(try harness.wait(for: 3).map(\.tag) == [0, 1, 2])
        }
    }
#endif
