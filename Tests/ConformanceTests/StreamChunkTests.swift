import EventLoops
import Kernel
import Proactor
import TestSupport
import Testing

extension Conformance {
    /// `forEachChunk`: one wait for a whole stream.
    @Suite struct StreamChunks {
        private struct Enough: Error {}

        /// STREAM-004: bytes that arrived before are lent first, then all others as they arrive, up to the end.
        @Test(arguments: LoopKind.allCases)
        func chunks_areLentInOrder_upToTheEnd(_ kind: LoopKind) async throws {
            try await withStreams(kind) { link in
                let size = 3 << 20
                try await link.feed(Pattern.bytes(1000))
                let sent = link.startPeer { peer in
                    var dice = SeededRandom(1)
                    var start = 1000
                    while start < size {
                        let count = min(size - start, Int.random(in: 1...20_000, using: &dice))
                        try peer.send(Pattern.bytes(count, at: start))
                        start += count
                    }
                    try peer.finishSending()
                }
                var total = 0
                var isWrong = false
                try await link.reader.forEachChunk { bytes in
                    #expect(bytes.byteCount > 0)
                    if !bytes.withUnsafeBytes({ Pattern.matches($0, at: total) }) { isWrong = true }
                    total += bytes.byteCount
                }
                try await sent.value
                #expect(total == size)
                #expect(!isWrong)
                #expect(link.reader.atEOF)
                // At the end, there is nothing to lend.
                try await link.reader.forEachChunk { _ in Issue.record("a chunk after the end") }
                #expect(try await link.reader.read() == [])
            }
        }

        /// STREAM-004: each delivery is one call, and the task is not resumed for it.
        @Test(arguments: LoopKind.allCases)
        func body_isCalledByTheLoop_whileTheTaskWaits(_ kind: LoopKind) async throws {
            try await withStreams(kind) { link in
                var calls: [String] = []
                let task = link.loop.createTask {
                    try await link.reader.forEachChunk { bytes in
                        calls.append(bytes.withUnsafeBytes { text(Array($0)) })
                        link.writer.write(bytes)
                    }
                }
                for word in ["one", "two", "three"] {
                    try link.peer.send(Array(word.utf8))
                    let echo = try await link.onPeer { try $0.receive(word.utf8.count) }
                    #expect(text(echo) == word)
                }
                #expect(calls == ["one", "two", "three"])
                #expect(!task.isDone)
                await expectCancelled(task)
            }
        }

        /// STREAM-004: a body stops in the middle of a chunk, waiting or just arrived; the rest stays readable.
        @Test(arguments: LoopKind.allCases)
        func bytesAfterAStop_stayReadable(_ kind: LoopKind) async throws {
            try await withStreams(kind) { link in
                let reader = link.reader
                try await link.feed("head|body")
                try await reader.forEachChunk { $0.byteCount == 9 ? .stop(after: 5) : .continue }
                #expect(text(try await reader.read(100)) == "body")
                let waiting = link.loop.createTask {
                    try await reader.forEachChunk { bytes in
                        if bytes.byteCount == 1 { return .continue }
                        return .stop(after: 2)
                    }
                }
                try await link.feed("a")
                try await link.feed("bcdef")
                try await waiting.value
                try await link.feed("gh")
                #expect(text(try await reader.read(100)) == "defgh")
                // All or nothing of the chunk; counts are clamped.
                for (step, rest) in [
                    (StreamStep.stop, ""), (.stop(after: 0), "xyz"), (.stop(after: -7), "xyz"), (.stop(after: 99), ""),
                ] {
                    let task = link.loop.createTask { try await reader.forEachChunk { _ in step } }
                    try await link.loop.turns()
                    try await link.feed("xyz")
                    try await task.value
                    try await link.feed("+")
                    #expect(text(try await reader.read(100)) == rest + "+")
                }
            }
        }

        /// STREAM-004: a body's error ends the call; later bytes stay readable.
        @Test(arguments: LoopKind.allCases)
        func bodysError_isThrown_andLaterBytesStay(_ kind: LoopKind) async throws {
            try await withStreams(kind) { link in
                let reader = link.reader
                try await link.feed("waiting")
                await #expect(throws: Enough.self) { try await reader.forEachChunk { _ in throw Enough() } }
                let task = link.loop.createTask { try await reader.forEachChunk { _ in throw Enough() } }
                try await link.loop.turns()
                try await link.feed("arriving")
                await #expect(throws: Enough.self) { try await task.value }
                try await link.feed("later")
                #expect(text(try await reader.read(100)) == "later")
            }
        }

        /// STREAM-011: no other read takes bytes from a running iteration, wherever it waits.
        @Test(arguments: LoopKind.allCases)
        func otherReads_areRefused_whileAnIterationRuns(_ kind: LoopKind) async throws {
            try await withStreams(kind, receiveBuffer: 4096) { link in
                let (loop, reader) = (link.loop, link.reader)
                func expectRefusals() async throws {
                    for error in [
                        try await loopError { try await reader.read(1) },
                        try await loopError { try await reader.readLine() },
                        try await loopError { try await reader.withNextBytes { _ in } },
                        try await loopError { try await reader.forEachChunk { _ in } },
                        try await loopError { try await reader.forEachLine { _ in } },
                    ] {
                        #expect(error.code == .invalidState)
                        #expect(error.description.contains("Another task is already waiting"))
                    }
                }
                let reading = loop.createTask { try await reader.read(1) }
                try await loop.turns()
                let refused = try await loopError { try await reader.forEachChunk { _ in } }
                #expect(refused.code == .invalidState)
                try await link.feed("x")
                #expect(try await reading.value == [0x78])
                // While it waits for bytes.
                let iterating = loop.createTask { try await reader.forEachChunk { _ in } }
                try await loop.turns()
                try await expectRefusals()
                await expectCancelled(iterating)
                // While it waits for the writer, with bytes in the reader.
                link.writer.write(Pattern.bytes(8 << 20))
                try await link.feed("y")
                let held = loop.createTask { try await reader.forEachChunk { _ in } }
                try await loop.turns()
                try await expectRefusals()
                await expectCancelled(held)
                #expect(text(try await reader.read(10)) == "y")
            }
        }

        /// STREAM-015: after a cancellation the body is not called, and no byte is lost.
        @Test(arguments: LoopKind.allCases)
        func cancellation_endsTheCalls_andLosesNoByte(_ kind: LoopKind) async throws {
            try await withStreams(kind) { link in
                let (loop, reader) = (link.loop, link.reader)
                // Before it begins.
                try await link.feed("a")
                let unstarted = loop.createTask {
                    while !Task.isCancelled { try? await loop.sleep(for: .milliseconds(1)) }
                    try await reader.forEachChunk { _ in Issue.record("called after the cancellation") }
                }
                await expectCancelled(unstarted)
                #expect(text(try await reader.read(10)) == "a")
                // While it waits; the bytes arrive before the task has ended.
                let waiting = loop.createTask {
                    try await reader.forEachChunk { _ in Issue.record("called after the cancellation") }
                }
                try await loop.turns()
                try link.peer.send([0x62])
                waiting.cancel()
                await expectCancelled(waiting)
                #expect(text(try await reader.read(10)) == "b")
                // By its own body.
                var own: LoopTask<Void>?
                var calls = 0
                let task = loop.createTask {
                    try await reader.forEachChunk { _ in
                        calls += 1
                        own?.cancel()
                    }
                }
                own = task
                try await link.feed("c")
                try await link.feed("d")
                await expectCancelled(task)
                own = nil
                #expect(calls == 1)
                #expect(text(try await reader.read(10)) == "d")
            }
        }

        /// STREAM-015: iterations are cancelled at the moment when bytes arrive, again and again.
        @Test(arguments: LoopKind.allCases)
        func noByteIsLost_whenIterationsAreCancelledAsBytesArrive(_ kind: LoopKind) async throws {
            try await withStreams(kind, limit: 5000) { link in
                let (loop, reader) = (link.loop, link.reader)
                let size = 1 << 20
                let sent = link.startPeer { peer in
                    var dice = SeededRandom(5)
                    var start = 0
                    while start < size {
                        let count = min(size - start, Int.random(in: 1...5000, using: &dice))
                        try peer.send(Pattern.bytes(count, at: start))
                        start += count
                    }
                    try peer.finishSending()
                }
                var dice = SeededRandom(6)
                var total = 0
                var isWrong = false
                while !reader.atEOF {
                    let stopsAfter = Int.random(in: 0...4, using: &dice)
                    let task = loop.createTask {
                        var calls = 0
                        try await reader.forEachChunk { bytes in
                            if !bytes.withUnsafeBytes({ Pattern.matches($0, at: total) }) { isWrong = true }
                            calls += 1
                            guard calls > stopsAfter else {
                                total += bytes.byteCount
                                return .continue
                            }
                            let part = bytes.byteCount / 2
                            total += part
                            return .stop(after: part)
                        }
                    }
                    try await loop.turns(Int.random(in: 0..<3, using: &dice))
                    task.cancel()
                    do { try await task.value } catch { #expect(error is CancellationError) }
                }
                try await sent.value
                #expect(total == size)
                #expect(!isWrong)
            }
        }

        /// STREAM-015: child tasks, which have no cancellation scope of their own, iterate and are cancelled.
        @Test(arguments: LoopKind.allCases)
        func childTask_iterates_andIsCancelledWithItsGroup(_ kind: LoopKind) async throws {
            try await withStreams(kind) { link in
                let (loop, reader) = (link.loop, link.reader)
                let bytes = SharedCount()
                await withTaskGroup(of: Void.self) { group in
                    group.addTask { try? await reader.forEachChunk { bytes.add($0.byteCount) } }
                    try? await link.feed("abc")
                    try? await loop.eventually("three bytes") { bytes.value == 3 }
                    group.cancelAll()
                    await group.waitForAll()
                }
                try await link.feed("d")
                #expect(text(try await reader.read(10)) == "d")
            }
        }
    }
}
