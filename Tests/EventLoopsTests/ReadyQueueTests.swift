import EventLoops
import TestSupport
import Testing

@Suite struct ReadyQueueTests {
    private func entry(_ handle: Handle) -> ReadyEntry {
        .handle(.passRetained(handle))
    }

    private func pop(_ queue: ReadyQueue) -> Handle? {
        guard case .handle(let reference)? = queue.popFirst() else { return nil }
        return reference.takeRetainedValue()
    }

    @Test func emptyQueue_hasNothing() {
        let queue = ReadyQueue()
        #expect(queue.count == 0)
        #expect(pop(queue) == nil)
    }

    /// Every capacity, every start of the ring and every fill up to twice the capacity: the queue grows with
    /// contiguous and with wrapped contents.
    @Test(arguments: [1, 2, 3, 4, 8])
    func queue_keepsTheOrder_whereverTheRingStarts(capacity: Int) {
        for start in 0..<capacity.roundedUpToPowerOfTwo {
            for fill in 0...capacity * 4 {
                let queue = ReadyQueue(minimumCapacity: capacity)
                for _ in 0..<start {
                    queue.append(entry(Handle {}))
                    _ = pop(queue)
                }
                let handles = (0..<fill).map { _ in Handle {} }
                for handle in handles { queue.append(entry(handle)) }
                #expect(queue.count == fill)
                for handle in handles { #expect(pop(queue) === handle) }
                #expect(pop(queue) == nil)
            }
        }
    }

    @Test(arguments: 1...10)
    func queue_behavesLikeAnArray_underRandomUse(seed: UInt64) {
        var random = SeededRandom(seed)
        let queue = ReadyQueue(minimumCapacity: Int(seed))
        var model: [Handle] = []
        for step in 0..<20_000 {
            // Alternates between filling and emptying, so that the ring both grows and wraps.
            let fills = (step / 500) % 2 == 0
            if Int.random(in: 0..<10, using: &random) < (fills ? 6 : 4) {
                let handle = Handle {}
                model.append(handle)
                queue.append(entry(handle))
            } else {
                let expected = model.isEmpty ? nil : model.removeFirst()
                #expect(pop(queue) === expected)
            }
            #expect(queue.count == model.count)
        }
    }

    @Test func queue_releasesItsHandles_onDeinit() {
        weak var handle: Handle?
        weak var captured: Witness?
        do {
            let queue = ReadyQueue(minimumCapacity: 2)
            let witness = Witness()
            captured = witness
            for _ in 0..<9 { queue.append(entry(Handle { withExtendedLifetime(witness) {} })) }
            _ = pop(queue)
            let last = Handle {}
            handle = last
            queue.append(entry(last))
        }
        #expect(handle == nil)
        #expect(captured == nil)
    }

    @Test func discard_releasesTheCallback_evenIfTheHandleIsRetained() {
        weak var captured: Witness?
        let handle: Handle
        do {
            let witness = Witness()
            captured = witness
            handle = Handle { withExtendedLifetime(witness) {} }
        }
        #expect(captured != nil)
        entry(handle).discard()
        #expect(captured == nil)
        #expect(!handle.isCancelled)
    }

    @Test func roundedUpToPowerOfTwo_isCorrect_atTheBoundaries() {
        let cases = [0: 1, 1: 1, 2: 2, 3: 4, 4: 4, 5: 8, 255: 256, 256: 256, 257: 512]
        for (number, expected) in cases { #expect(number.roundedUpToPowerOfTwo == expected) }
    }
}
