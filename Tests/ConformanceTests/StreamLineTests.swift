import EventLoops
import Kernel
import Proactor
import TestSupport
import Testing

extension Conformance {
    /// `forEachLine`: one wait for all lines of a stream.
    @Suite struct StreamLines {
        private struct Enough: Error {}

        /// STREAM-006 STREAM-021: lines without their newlines, however they arrive; the last one needs none.
        @Test(arguments: LoopKind.allCases)
        func lines_areLentWithoutNewlines_upToTheEnd(_ kind: LoopKind) async throws {
            try await withStreams(kind) { link in
                try await link.feed("one\ntwo\n\nth")
                var lines: [String] = []
                let iterating = link.loop.createTask {
                    try await link.reader.forEachLine { line in
                        lines.append(line.withUnsafeBytes { text(Array($0)) })
                    }
                }
                try await link.loop.turns()
                #expect(lines == ["one", "two", ""])
                for piece in ["r", "ee", "\n", "\n", "fo\nfi", "ve\nsix\r\n\nl", "ast"] { try await link.feed(piece) }
                #expect(lines.dropFirst(3) == ["three", "", "fo", "five", "six\r", ""])
                try link.peer.finishSending()
                try await iterating.value
                #expect(lines.last == "last")
                #expect(lines.count == 10)
                #expect(link.reader.atEOF)
                try await link.reader.forEachLine { _ in Issue.record("a line after the end") }
            }
        }

        /// STREAM-006: lines of all lengths, in pieces that end anywhere.
        @Test(arguments: LoopKind.allCases)
        func lines_areWhole_whereverPiecesEnd(_ kind: LoopKind) async throws {
            try await withStreams(kind, limit: 100_000) { link in
                let lines: [[UInt8]] = (0..<150).map { number in
                    let length = number % 7 == 0 ? number * 211 : number % 40
                    return Pattern.bytes(length, at: number * 997).filter { $0 != 0x0A }
                }
                let all = Array(lines.map { $0 + [0x0A] }.joined())
                let sent = link.startPeer { peer in
                    var dice = SeededRandom(8)
                    var start = 0
                    while start < all.count {
                        let count = min(all.count - start, Int.random(in: 1...30_000, using: &dice))
                        try peer.send(Array(all[start..<start + count]))
                        start += count
                    }
                    try peer.finishSending()
                }
                var next = 0
                var wrong: Int?
                try await link.reader.forEachLine { line in
                    let isRight = next < lines.count && line.withUnsafeBytes { $0.elementsEqual(lines[next]) }
                    if !isRight, wrong == nil { wrong = next }
                    next += 1
                }
                try await sent.value
                #expect(wrong == nil)
                #expect(next == lines.count)
            }
        }

        /// STREAM-007: a line beyond the limit is dropped as by `readLine`, and the stream stays usable.
        ///
        /// The line waits or arrives, in one piece or in two.
        @Test(arguments: LoopKind.allCases)
        func lineBeyondTheLimit_isDropped(_ kind: LoopKind) async throws {
            try await withStreams(kind, limit: 3) { link in
                let (loop, reader) = (link.loop, link.reader)
                func overrun(_ pieces: [String], waitsFirst: Bool) async throws -> (lines: [String], consumed: Int) {
                    var lines: [String] = []
                    if waitsFirst { for piece in pieces { try await link.feed(piece) } }
                    let task = loop.createTask {
                        try await reader.forEachLine { line in
                            lines.append(line.withUnsafeBytes { text(Array($0)) })
                        }
                    }
                    try await loop.turns()
                    if !waitsFirst { for piece in pieces { try await link.feed(piece) } }
                    do { try await task.value } catch let error as LimitOverrunError {
                        #expect(error.limit == 3)
                        return (lines, error.consumed)
                    }
                    return (lines, -1)
                }
                for waitsFirst in [true, false] {
                    for pieces in [["abc\nlong\nok\n"], ["abc\nlo", "ng\nok\n"]] {
                        let result = try await overrun(pieces, waitsFirst: waitsFirst)
                        #expect(result.lines == ["abc"])
                        #expect(result.consumed == 4)
                        #expect(text(try await reader.readLine()) == "ok\n")
                    }
                    // Without a newline, all received bytes are dropped.
                    let result = try await overrun(["abcdef"], waitsFirst: waitsFirst)
                    #expect(result.lines == [])
                    #expect(result.consumed == 6)
                    try await link.feed("g\n")
                    #expect(text(try await reader.readLine()) == "g\n")
                }
            }
        }

        /// STREAM-006: bodies stop at a line, in the middle of one, or by throwing; the rest stays readable.
        @Test(arguments: LoopKind.allCases)
        func bytesAfterAStop_stayReadable(_ kind: LoopKind) async throws {
            try await withStreams(kind) { link in
                let (loop, reader) = (link.loop, link.reader)
                for waitsFirst in [true, false] {
                    for (step, rest) in [
                        (StreamStep.stop, "body\nmore"), (.stop(after: 1), "nd\nbody\nmore"),
                        (.stop(after: 3), "\nbody\nmore"), (.stop(after: 0), "end\nbody\nmore"),
                    ] {
                        for pieces in [["head\nend\nbody\nmore"], ["head\nen", "d\nbody\nmore"]] {
                            if waitsFirst { for piece in pieces { try await link.feed(piece) } }
                            let task = loop.createTask {
                                try await reader.forEachLine { line in
                                    if line.byteCount == 4 { return .continue }
                                    return step
                                }
                            }
                            try await loop.turns()
                            if !waitsFirst { for piece in pieces { try await link.feed(piece) } }
                            try await task.value
                            #expect(text(try await reader.readExactly(rest.utf8.count)) == rest)
                        }
                    }
                    if waitsFirst { try await link.feed("a\nb\n") }
                    let task = loop.createTask { try await reader.forEachLine { _ in throw Enough() } }
                    try await loop.turns()
                    if !waitsFirst { try await link.feed("a\nb\n") }
                    await #expect(throws: Enough.self) { try await task.value }
                    #expect(text(try await reader.readLine()) == "b\n")
                }
            }
        }

        /// STREAM-015: a cancelled iteration keeps the beginning of a line.
        @Test(arguments: LoopKind.allCases)
        func cancellation_losesNoPartOfALine(_ kind: LoopKind) async throws {
            try await withStreams(kind) { link in
                let iterating = link.loop.createTask { try await link.reader.forEachLine { _ in } }
                try await link.feed("one\ntw")
                await expectCancelled(iterating)
                try await link.feed("o\n")
                #expect(text(try await link.reader.readLine()) == "two\n")
            }
        }

        /// STREAM-015: the body cancels its own task; the lines after that one stay readable.
        @Test(arguments: LoopKind.allCases)
        func cancellationByTheBody_keepsTheNextLines(_ kind: LoopKind) async throws {
            try await withStreams(kind) { link in
                var lines = 0
                var iterating: LoopTask<Void>?
                iterating = link.loop.createTask {
                    try await link.reader.forEachLine { _ in
                        lines += 1
                        iterating?.cancel()
                    }
                }
                try await link.loop.turns()
                try await link.feed("one\ntwo\nth")
                await #expect(throws: CancellationError.self) { try await iterating?.value }
                #expect(lines == 1)
                try await link.feed("ree\n")
                #expect(text(try await link.reader.readLine()) == "two\n")
                #expect(text(try await link.reader.readLine()) == "three\n")
                iterating = nil
            }
        }

        /// STREAM-016: the lines of one delivery are held back once the writer is full; no reply is lost.
        @Test(arguments: LoopKind.allCases)
        func lines_areHeld_whileTheWriterIsFull(_ kind: LoopKind) async throws {
            try await withStreams(kind, receiveBuffer: 4096) { link in
                let (loop, writer) = (link.loop, link.writer)
                let (count, reply) = (2000, Pattern.bytes(4000))
                var lines = 0
                var most = 0
                let serving = loop.createTask {
                    try await link.reader.forEachLine { line in
                        lines += 1
                        writer.write(reply)
                        most = max(most, writer.transport.writeBufferSize)
                    }
                }
                try link.peer.send([UInt8](repeating: 0x0A, count: count))
                _ = try await loop.settled { lines }
                #expect(lines < count)
                #expect(most <= 64 * 1024 + reply.count, "a line was lent although the writer was full")
                let answer = try await link.onPeer { try $0.receive(count * reply.count) }
                #expect(answer.count == count * reply.count)
                try link.peer.finishSending()
                try await serving.value
                #expect(lines == count)
                #expect(most <= 64 * 1024 + reply.count)
            }
        }

        /// STREAM-017: a reset after the beginning of a line: whole lines are lent, the error follows, and the
        /// beginning stays.
        @Test(arguments: LoopKind.allCases)
        func reset_isThrown_afterTheWholeLines(_ kind: LoopKind) async throws {
            try await withStreams(kind) { link in
                try await link.feed("one\ntwo\npart")
                link.peer.reset()
                try await link.loop.eventually("lost") { link.reader.exception != nil }
                var lines = 0
                let error = try await loopError { try await link.reader.forEachLine { _ in lines += 1 } }
                #expect(error.errno == .connectionReset)
                #expect(lines == 2)
                #expect(text(try await link.reader.read(10)) == "part")
            }
        }

        /// STREAM-019: the body closes the connection; the iteration ends without an error.
        @Test(arguments: LoopKind.allCases)
        func iteration_ends_whenTheBodyCloses(_ kind: LoopKind) async throws {
            try await withStreams(kind) { link in
                let iterating = link.loop.createTask {
                    try await link.reader.forEachLine { line in
                        link.writer.write(line)
                        link.writer.close()
                    }
                }
                try await link.loop.turns()
                try link.peer.send(Array("a\n".utf8))
                try await iterating.value
                #expect(text(try await link.onPeer { try $0.receiveAll() }) == "a")
                try await link.writer.waitClosed()
            }
        }
    }
}
