#if DEBUG
    import Glibc
    import Kernel
    import TestSupport
    import Testing
    @testable import Uring

    /// The target of an operation is found by slot and generation, so a stale completion never reaches the slot's next
    /// operation.
    @Suite struct OperationTableTests {
        private final class Target: CompletionTarget {
            static nonisolated(unsafe) var alive = 0

            override init() {
                super.init()
                Self.alive += 1
            }

            deinit {
                Self.alive -= 1
            }
        }

        private let table = OperationTable(capacity: 4)

        /// Ends an operation; returns whether the table knew it.
        private func end(_ tag: UInt64) -> Bool {
            guard let target = table.complete(tag, isLast: true) else { return false }
            OperationTable.release(target)
            return true
        }

        @Test func tag_differs_whenItsSlotIsReused() {
            let target = Target()
            let first = table.insert(target, .send)
            #expect(end(first))
            let second = table.insert(target, .send)
            #expect(UInt32(truncatingIfNeeded: first) == UInt32(truncatingIfNeeded: second))
            #expect(first >> 32 != second >> 32)
            #expect(end(second))
        }

        /// The last of several operations to end releases their target.
        @Test func target_isRetained_untilItsLastOperationEnds() {
            let before = Target.alive
            let (first, second) = tagsOfOne(.receiveMultishot, .send)
            #expect(Target.alive == before + 1)
            #expect(end(first))
            #expect(Target.alive == before + 1)
            #expect(end(second))
            #expect(Target.alive == before)
        }

        private func tagsOfOne(_ first: OperationKind, _ second: OperationKind) -> (UInt64, UInt64) {
            let target = Target()
            return (table.insert(target, first), table.insert(target, second))
        }

        @Test func completion_isCountedAndDropped_whenItsOperationHasEnded() {
            let tag = table.insert(Target(), .receive)
            #expect(end(tag))
            #expect(!end(tag))
            let next = table.insert(Target(), .send)
            #expect(!end(tag), "the slot's next operation got the completion")
            #expect(!end(9 << 32 | 4_000), "a slot that never existed")
            #expect(!end(ReservedTag.ignored))
            #expect(table.stale == 4)
            #expect(table.live == 1)
            #expect(end(next))
        }

        /// A completion that is not the last one leaves the operation in its slot.
        @Test func slot_staysTaken_whileMoreCompletionsFollow() throws {
            let target = Target()
            let tag = table.insert(target, .acceptMultishot)
            for _ in 0..<3 {
                let found = try #require(table.complete(tag, isLast: false))
                #expect(found.takeUnretainedValue() === target)
            }
            #expect(table.live == 1)
            #expect(end(tag))
            #expect(table.live == 0)
            #expect(table.stale == 0)
        }

        /// Memory into which the kernel writes stays alive until the last completion.
        @Test func target_livesUntilItsLastCompletion() {
            let before = Target.alive
            let tags = (0..<3).map { _ in table.insert(Target(), .receive) }
            #expect(Target.alive == before + 3)
            #expect(table.complete(tags[0], isLast: false) != nil)
            #expect(Target.alive == before + 3)
            for tag in tags { #expect(end(tag)) }
            #expect(Target.alive == before)
        }

        @Test func forEachLive_visitsExactlyWhatIsInFlight() {
            let tags = (0..<9).map { _ in table.insert(Target(), .receive) }
            for tag in tags where tag % 3 == 0 { #expect(end(tag)) }
            var seen: [UInt64] = []
            table.forEachLive { _, tag, _, _ in seen.append(tag) }
            #expect(seen.sorted() == tags.filter { $0 % 3 != 0 }.sorted())
            for tag in seen { #expect(end(tag)) }
        }

        /// An operation records the loop's time of its submission.
        @Test func forEachLive_reportsKindAndTimeOfSubmission() {
            let first = table.insert(Target(), .receive)
            usleep(100)
            let between = MonotonicClock.now()
            table.updateTime()
            let second = table.insert(Target(), .send)
            var seen: [OperationKind: Int64] = [:]
            table.forEachLive { _, _, kind, since in seen[kind] = since }
            #expect(seen[.receive].map { $0 < between } == true)
            #expect(seen[.send].map { $0 >= between } == true)
            #expect(end(first) && end(second))
            table.forEachLive { _, _, _, _ in Issue.record("something is in flight") }
        }

        /// Compared with a plain dictionary.
        @Test(arguments: 1...8 as ClosedRange<UInt64>)
        func table_agreesWithADictionary(seed: UInt64) {
            var random = SeededRandom(seed)
            var model: [UInt64: Target] = [:]
            var over: [UInt64] = []
            for _ in 0..<5_000 {
                switch random.next() % 8 {
                case 0...3:
                    let target = Target()
                    let tag = table.insert(target, .send)
                    #expect(
                        model.updateValue(target, forKey: tag) == nil && !over.contains(tag), "a tag was issued twice")
                case 4...6:
                    guard let tag = model.keys.min() else { continue }
                    #expect(end(tag))
                    model[tag] = nil
                    over.append(tag)
                default:
                    guard let tag = over.randomElement(using: &random) else { continue }
                    let stale = table.stale
                    #expect(!end(tag))
                    #expect(table.stale == stale + 1)
                }
                #expect(table.live == model.count)
            }
            for (tag, target) in model {
                #expect(table.complete(tag, isLast: false)?.takeUnretainedValue() === target)
                #expect(end(tag))
            }
        }
    }
#endif
