import Kernel
import Proactor
import TestSupport
import Testing

@testable import EventLoops

extension Conformance {
    /// Lines and records that exceed the limit of a stream.
    @Suite struct StreamLimits {
        /// STREAM-007.
        ///
        /// The results are those of CPython for the same bytes and limit.
        @Test(arguments: LoopKind.allCases)
        func readLine_dropsALine_thatExceedsTheLimit(_ kind: LoopKind) async throws {
            try await withStreams(kind, limit: 3) { link in
                let reader = link.reader
                func overrun() async throws -> Int {
                    do { _ = try await reader.readLine() } catch let error as LimitOverrunError {
                        #expect(error.limit == 3)
                        #expect("\(error)".contains("larger limit"))
                        #expect(!"\(error)".contains("read them"), "the bytes were not dropped")
                        return error.consumed
                    }
                    return -1
                }
                try await link.feed("li\nlong\nok\n")
                #expect(text(try await reader.readLine()) == "li\n")
                #expect(try await overrun() == 4)
                #expect(text(try await reader.readLine()) == "ok\n")
                // Without a newline, all received bytes are dropped.
                try await link.feed("abcdef")
                #expect(try await overrun() == 6)
                try await link.feed("g\n")
                #expect(text(try await reader.readLine()) == "g\n")
                try await link.feed("abc\n")
                #expect(text(try await reader.readLine()) == "abc\n", "the newline counted")
            }
        }

        /// STREAM-008.
        @Test(arguments: LoopKind.allCases)
        func readUntil_keepsTheBytes_whenTheLimitIsExceeded(_ kind: LoopKind) async throws {
            try await withStreams(kind, limit: 4) { link in
                let reader = link.reader
                func overrun(_ separator: String) async throws -> Int {
                    do { _ = try await reader.readUntil(separator: Array(separator.utf8)) } catch let error
                        as LimitOverrunError
                    {
                        return error.consumed
                    }
                    return -1
                }
                let empty = try await loopError { try await reader.readUntil(separator: []) }
                #expect(empty.code == .invalidArgument)
                try await link.feed("ab;;cdefgh;;ij")
                #expect(text(try await reader.readUntil(separator: Array(";;".utf8))) == "ab;;")
                #expect(try await overrun(";;") == 6, "the separator is beyond the limit")
                #expect(try await overrun("##") == 9, "not found")
                #expect(text(try await reader.readExactly(8)) == "cdefgh;;")
                try link.peer.finishSending()
                do {
                    _ = try await reader.readUntil(separator: [0])
                    Issue.record("readUntil returned without a separator")
                } catch let error as IncompleteReadError {
                    #expect(text(error.partial) == "ij")
                    #expect(error.expected == nil)
                }
                #expect(reader.atEOF)
            }
        }

        /// Each byte is examined at most twice, however many deliveries carry them, and however often the wait is
        /// cancelled.
        @Test(arguments: LoopKind.allCases)
        func search_isLinearInTheReceivedBytes(_ kind: LoopKind) async throws {
            let size = 256 * 1024
            try await withStreams(kind, limit: size) { link in
                let separator = [UInt8](repeating: 0x2D, count: 29) + Array("end".utf8)
                let sender = link.startPeer { peer in
                    for _ in 0..<size / 512 { try peer.send([UInt8](repeating: 0x2D, count: 512)) }
                    try peer.send(Array("end".utf8))
                }
                var record: [UInt8]?
                for _ in 0..<3 where record == nil {
                    let wait = link.loop.createTask { try await link.reader.readUntil(separator: separator) }
                    try await link.loop.turns()
                    wait.cancel()
                    record = try? await wait.value
                }
                if record == nil { record = try await link.reader.readUntil(separator: separator) }
                try await sender.value
                #expect(record?.count == size + 3)
                // A segment is visited at most once per delivery.
                #expect(link.reader.searchWork <= 2 * size + size / 512 + 64)
            }
        }

        /// Each message once made a new search with a new table for either separator.
        @Test(arguments: LoopKind.allCases)
        func searches_areMadeOnce_whenSeparatorsAlternate(_ kind: LoopKind) async throws {
            try await withStreams(kind) { link in
                let separator: [UInt8] = [0x0D, 0x0A, 0x0D, 0x0A]
                var searches: Set<ObjectIdentifier> = []
                // All that were made live until the end, so that no identifier is used twice.
                var made: [SeparatorSearch?] = []
                for _ in 0..<3 {
                    try link.peer.send([0x61] + separator + [0x62, 0x0A])
                    #expect(try await link.reader.readUntil(separator: separator) == [0x61] + separator)
                    #expect(try await link.reader.readLine() == [0x62, 0x0A])
                    made += [link.reader.recordSearch, link.reader.lineSearch]
                    searches.formUnion(made.compactMap { $0.map(ObjectIdentifier.init) })
                }
                #expect(searches.count == 2)
                #expect(link.reader.recordSearch?.separator == separator)
            }
        }

        /// The peer sends lines in pieces; each piece is searched once.
        @Test(arguments: LoopKind.allCases)
        func readLine_andLines_examineEachByteOnce(_ kind: LoopKind) async throws {
            let line = [UInt8](repeating: 0x61, count: 50_000) + [0x0A]
            try await withStreams(kind) { link in
                let sender = link.startPeer { peer in
                    for _ in 0..<8 {
                        for start in stride(from: 0, to: line.count, by: 100) {
                            try peer.send(Array(line[start..<min(start + 100, line.count)]))
                        }
                    }
                    try peer.finishSending()
                }
                for _ in 0..<4 { #expect(try await link.reader.readLine() == line) }
                var lines = 0
                for try await next in link.reader.lines {
                    #expect(next == line)
                    lines += 1
                }
                try await sender.value
                #expect(lines == 4)
                // The bytes that follow a line in its segment are examined when the next line is read.
                #expect(link.reader.searchWork <= 8 * line.count + 8 * 1000)
            }
        }

        /// STREAM-022.
        ///
        /// A stream of a closed connection does not stay paused, either.
        @Test(arguments: LoopKind.allCases)
        func limit_isRefused_unlessPositive(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                for limit in [0, -1] {
                    let errors = [
                        try await loopError { try await loop.openConnection(host: "127.0.0.1", port: 1, limit: limit) },
                        try await loopError {
                            try await loop.startServer(host: "127.0.0.1", port: 0, limit: limit) { _, _ in }
                        },
                    ]
                    #expect(errors.map(\.operation) == ["openConnection", "startServer"])
                    #expect(errors.allSatisfy { $0.code == .invalidArgument && $0.description.contains("above zero") })
                }
            }
        }
    }
}
