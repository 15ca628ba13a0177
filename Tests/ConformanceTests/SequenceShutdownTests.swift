import EventLoops
import Kernel
import Proactor
import TestSupport
import Testing

extension Conformance {
    /// The end of the async sequences that a loop feeds.
    ///
    /// `SignalSequences` tests signal sequences.
    @Suite struct SequenceShutdown {
        /// LOOP-033.
        @Test(arguments: LoopKind.allCases)
        func shutdown_finishesIteratedStreams(_ kind: LoopKind) async throws {
            for isByLine in [false, true] {
                try await withStreams(kind) { link in
                    var received: [[UInt8]] = []
                    var hasCleanedUp = false
                    let task = link.loop.createTask {
                        defer { hasCleanedUp = true }
                        if isByLine {
                            for try await line in link.reader.lines { received.append(line) }
                        } else {
                            for try await chunk in link.reader.chunks { received.append(chunk) }
                        }
                    }
                    try await link.feed("one\n")
                    try await link.loop.shutdownAsyncGenerators()
                    #expect(hasCleanedUp, "the shutdown returned before the sequences had ended")
                    try await task.value
                    #expect(received == [Array("one\n".utf8)])
                    // Reads by method calls still work.
                    try await link.feed("two\nthree\n")
                    let lines = link.reader.lines.makeAsyncIterator()
                    let chunks = link.reader.chunks.makeAsyncIterator()
                    #expect(try await lines.next() == nil)
                    #expect(try await chunks.next() == nil)
                    #expect(text(try await link.reader.readLine()) == "two\n")
                    #expect(text(try await link.reader.read(100)) == "three\n")
                }
            }
        }

        /// LOOP-033: reads by method calls are not affected.
        @Test(arguments: LoopKind.allCases)
        func shutdown_doesNotAffectReadsByMethodCalls(_ kind: LoopKind) async throws {
            try await withStreams(kind) { link in
                // The reader's wait list has served an iteration before.
                let iterating = link.loop.createTask { for try await _ in link.reader.lines {} }
                try await link.loop.sleep(for: .milliseconds(1))
                iterating.cancel()
                await #expect(throws: CancellationError.self) { try await iterating.value }
                let reading = link.loop.createTask { try await link.reader.readLine() }
                try await link.loop.sleep(for: .milliseconds(1))
                try await link.loop.shutdownAsyncGenerators()
                #expect(!reading.isDone)
                try await link.feed("line\n")
                #expect(text(try await reading.value) == "line\n")
            }
        }

        /// LOOP-033.
        @Test(arguments: LoopKind.allCases)
        func shutdown_finishesAsCompleted_butNotItsFutures(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let future = loop.createFuture(of: Int.self)
                let done = loop.createFuture(of: Int.self)
                try done.setResult(1)
                let futures = loop.asCompleted([done, future])
                var drawn: [Int] = []
                let tasks = (0..<3).map { _ in
                    loop.createTask {
                        for try await each in futures { drawn.append(try each.result()) }
                    }
                }
                try await loop.sleep(for: .milliseconds(1))
                try await loop.shutdownAsyncGenerators()
                #expect(tasks.allSatisfy { $0.isDone })
                for task in tasks { try await task.value }
                #expect(drawn == [1])
                #expect(!future.isDone)
                try future.setResult(2)
                #expect(try await future.value == 2)
            }
        }

        /// LOOP-033: many sequences of all kinds, and a second shutdown.
        @Test(arguments: LoopKind.allCases)
        func shutdown_finishesAll_andIsIdempotent(_ kind: LoopKind) async throws {
            try await withStreams(kind) { link in
                let loop = link.loop
                let never = loop.createFuture(of: Int.self)
                var ended = 0
                let iterating = loop.createTask {
                    for try await _ in link.reader.chunks {}
                    ended += 1
                }
                let drawing = (0..<50).map { _ in
                    loop.createTask {
                        for try await _ in loop.asCompleted([never]) {}
                        ended += 1
                    }
                }
                // Other kinds of waits are queued between them.
                let sleeping = loop.createTask { try await loop.sleep(for: .seconds(3600)) }
                let awaiting = loop.createTask { try await never.value }
                try await loop.sleep(for: .milliseconds(1))
                try await loop.shutdownAsyncGenerators()
                #expect(ended == 51)
                #expect(iterating.isDone && drawing.allSatisfy { $0.isDone })
                #expect(!sleeping.isDone && !awaiting.isDone)
                try await loop.shutdownAsyncGenerators()
                sleeping.cancel()
                try never.setResult(3)
                #expect(try await awaiting.value == 3)
            }
        }

        /// LOOP-035: the sequence is empty, and a warning is logged.
        @Test(arguments: LoopKind.allCases)
        func sequenceAfterShutdown_isEmpty_andLogsAWarning(_ kind: LoopKind) async {
            await #expect(processExitsWith: .success) { [kind] in
                try await withLoop(kind) { loop, _ in
                    try withLog { log in
                        try loop.runUntilComplete {
                            let done = loop.createFuture(of: Int.self)
                            try done.setResult(1)
                            try await loop.shutdownAsyncGenerators()
                            #expect(log.lines.isEmpty)
                            for try await _ in loop.asCompleted([done]) { Issue.record("the sequence had an element") }
                            #expect(
                                log.texts(.warning).contains { $0.contains("started after shutdownAsyncGenerators") })
                        }
                    }
                }
            }
        }

        @Test(arguments: LoopKind.allCases)
        func shutdown_isRefused_onAnotherThread_andOnAClosedLoop(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                nonisolated(unsafe) var iterator = loop.asCompleted([loop.createFuture(of: Int.self)])
                    .makeAsyncIterator()
                try loop.runUntilComplete {
                    await Task.detached {
                        await expectLoopErrorLater(.wrongThread) { try await loop.shutdownAsyncGenerators() }
                    }.value
                    let waiting = loop.createTask { try await iterator.next() == nil }
                    try await loop.sleep(for: .milliseconds(1))
                    #expect(!waiting.isDone)
                    waiting.cancel()
                }
                try loop.close()
                let other = try kind.make()
                try other.runUntilComplete {
                    await expectLoopErrorLater(.closed) { try await loop.shutdownAsyncGenerators() }
                }
                try other.close()
            }
        }
    }
}
