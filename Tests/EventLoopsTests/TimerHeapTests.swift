import EventLoops
import TestSupport
import Testing

@Suite struct TimerHeapTests {
    private func timer(_ due: Int64, in heap: TimerHeap, _ callback: @escaping () -> Void = {}) -> TimerHandle {
        let timer = TimerHandle(when: LoopInstant(nanoseconds: due), callback)
        heap.insert(timer)
        return timer
    }

    private func popAll(_ heap: TimerHeap, at now: Int64) throws -> [TimerHandle] {
        var popped: [TimerHandle] = []
        while let reference = heap.popDue(at: now) { popped.append(reference.takeRetainedValue()) }
        return popped
    }

    @Test func emptyHeap_hasNothingDue() {
        let heap = TimerHeap()
        #expect(heap.count == 0)
        #expect(heap.nextDue == nil)
        #expect(heap.popDue(at: .max) == nil)
    }

    @Test func equalTimes_fire_inOrderOfCreation() throws {
        for count in 0..<70 {
            let heap = TimerHeap()
            let timers = (0..<count).map { _ in timer(5, in: heap) }
            #expect(heap.popDue(at: 4) == nil)
            let popped = try popAll(heap, at: 5)
            #expect(popped.count == count)
            #expect(zip(popped, timers).allSatisfy { $0 === $1 })
        }
    }

    /// Compares the heap with the simplest model, a sorted array.
    @Test(arguments: 1...40)
    func heap_behavesLikeASortedArray_underRandomUse(seed: UInt64) throws {
        var random = SeededRandom(seed)
        let heap = TimerHeap()
        var model: [(due: Int64, timer: TimerHandle)] = []
        var now: Int64 = 0
        // The seed decides how often timers are cancelled, so some runs purge often and some never.
        let cancelShare = Int(seed % 5)
        for _ in 0..<3000 {
            switch Int.random(in: 0..<10, using: &random) {
            case 0...5:
                let due = now + Int64.random(in: -20...200, using: &random)
                let position = model.firstIndex { $0.due > due } ?? model.count
                model.insert((due, timer(due, in: heap)), at: position)
            case 6:
                now += Int64.random(in: 0...40, using: &random)
                let popped = try popAll(heap, at: now)
                let expected = model.prefix { $0.due <= now }
                model.removeFirst(expected.count)
                try #require(popped.count == expected.count)
                #expect(zip(popped, expected).allSatisfy { $0 === $1.timer })
            default:
                for _ in 0..<cancelShare where !model.isEmpty {
                    let index = Int.random(in: model.indices, using: &random)
                    model.remove(at: index).timer.cancel()
                }
            }
            if Bool.random(using: &random) { try #require(heap.nextDue == model.first?.due) }
            try #require(heap.count >= model.count)
        }
        let rest = try popAll(heap, at: .max)
        #expect(rest.count == model.count)
        #expect(zip(rest, model).allSatisfy { $0 === $1.timer })
        #expect(heap.count == 0)
        #expect(heap.tally.cancelled == 0)
    }

    @Test func extremeTimes_areOrdered() throws {
        let heap = TimerHeap()
        let times: [Int64] = [.max, 0, .min, -1, 1, .max - 1, .min + 1]
        for time in times { _ = timer(time, in: heap) }
        #expect(try popAll(heap, at: .max).map(\.when.nanoseconds) == times.sorted())
    }

    @Test func cancelledTimers_arePurged_onceTheyAreTheMajorityOfALargeHeap() throws {
        let heap = TimerHeap()
        var timers = (0..<101).map { timer(Int64($0), in: heap) }
        for index in 0..<51 { timers[index * 2 % 101].cancel() }
        let isCancelled = timers.count(where: \.isCancelled)
        #expect(isCancelled == 51)
        #expect(heap.count == 101)
        #expect(heap.tally.cancelled == 51)
        timers.append(timer(500, in: heap))
        #expect(heap.count == 51)
        #expect(heap.tally.cancelled == 0)
        let left = timers.filter { !$0.isCancelled }
        let popped = try popAll(heap, at: .max)
        #expect(popped.map(\.when) == left.map(\.when))
    }

    @Test func cancelledTimers_areKept_inASmallHeap() {
        let heap = TimerHeap()
        let timers = (0..<100).map { timer(Int64($0), in: heap) }
        for timer in timers.dropFirst() { timer.cancel() }
        _ = timer(0, in: heap)
        #expect(heap.count == 101)
        #expect(heap.nextDue == 0)
    }

    @Test func cancelledCount_countsATimerOnce_howeverOftenItIsCancelled() throws {
        let heap = TimerHeap()
        let waits = timer(10, in: heap)
        let fires = timer(1, in: heap)
        waits.cancel()
        waits.cancel()
        #expect(heap.tally.cancelled == 1)
        #expect(heap.popDue(at: 5)?.takeRetainedValue() === fires)
        // The timers have left the heap: no cancelled timer remains.
        fires.cancel()
        #expect(heap.tally.cancelled == 1)
        #expect(heap.nextDue == nil)
        #expect(heap.tally.cancelled == 0)
    }

    @Test func closure_isReleased_whenTheTimerIsCancelledRunOrDropped() throws {
        let heap = TimerHeap()
        func watched(_ due: Int64) -> (TimerHandle, () -> Witness?) {
            let witness = Witness()
            weak let held = witness
            return (timer(due, in: heap) { withExtendedLifetime(witness) {} }, { held })
        }
        let (cancelled, ofCancelled) = watched(1)
        cancelled.cancel()
        #expect(ofCancelled() == nil)
        let (run, ofRun) = watched(1)
        for timer in try popAll(heap, at: 1) { try timer.run() }
        #expect(ofRun() == nil)
        let (dropped, ofDropped) = watched(2)
        #expect(ofDropped() != nil)
        heap.removeAll()
        #expect(ofDropped() == nil, "the closure outlives the heap's use")
        #expect(!dropped.isCancelled)
        dropped.cancel()
        #expect(heap.tally.cancelled == 0)
        withExtendedLifetime((cancelled, run, dropped)) {}
    }

    @Test func handles_areReleased_withTheHeap() {
        weak var held: TimerHandle?
        do {
            let heap = TimerHeap()
            held = timer(1, in: heap)
            for due: Int64 in 2..<200 { _ = timer(due, in: heap) }
            #expect(held != nil)
        }
        #expect(held == nil)
    }

    /// What a callback captures may, in its deinit, cancel other timers of the heap that is being emptied.
    @Test func removeAll_permitsCancellation_fromADeinitOfACapture() {
        final class Canceller {
            var victims: [TimerHandle] = []
            deinit { for victim in victims { victim.cancel() } }
        }
        let heap = TimerHeap()
        let victims = (0..<50).map { timer(Int64($0), in: heap) }
        do {
            let canceller = Canceller()
            canceller.victims = victims
            _ = timer(100, in: heap) { withExtendedLifetime(canceller) {} }
        }
        for due: Int64 in 101..<150 { _ = timer(due, in: heap) }
        heap.removeAll()
        #expect(heap.count == 0)
        #expect(heap.tally.cancelled == 0)
    }
}
