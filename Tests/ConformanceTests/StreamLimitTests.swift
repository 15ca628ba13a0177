import EventLoops
import Kernel
import Proactor
import Testing

extension Conformance {
    /// Lines and records that are longer than a stream wants them.
    @Suite struct StreamLimits {
        /// STREAM-007; what CPython does with the same bytes and limit.
        @Test(arguments: LoopKind.allCases)
        func readLine_dropsTheLine_whenItIsLongerThanTheLimit(_ kind: LoopKind) async throws {
            try await withStreams(kind, limit: 3) { link in
                let reader = link.reader
                func overrun() async throws -> Int {
                    do { _ = try await reader.readLine() } catch let error as LimitOverrunError {
                        #expect(error.limit == 3)
                        #expect("\(error)".contains("larger limit"))
                        #expect(!"\(error)".contains("read them"), "they are dropped")
                        return error.consumed
                    }
                    return -1
                }
                try await link.feed("li\nlong\nok\n")
                #expect(text(try await reader.readLine()) == "li\n")
                #expect(try await overrun() == 4)
                #expect(text(try await reader.readLine()) == "ok\n")
                // Without a newline all that has come is dropped.
                try await link.feed("abcdef")
                #expect(try await overrun() == 6)
                try await link.feed("g\n")
                #expect(text(try await reader.readLine()) == "g\n")
                try await link.feed("abc\n")
                #expect(text(try await reader.readLine()) == "abc\n", "the newline does not count")
            }
        }

        /// STREAM-008.
        @Test(arguments: LoopKind.allCases)
        func readUntil_keepsTheBytes_whenTheLimitIsPassed(_ kind: LoopKind) async throws {
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
                #expect(try await overrun(";;") == 6, "found, but too far")
                #expect(try await overrun("##") == 9, "not found")
                #expect(text(try await reader.readExactly(8)) == "cdefgh;;")
                try link.peer.finishSending()
                do {
                    _ = try await reader.readUntil(separator: [0])
                    Issue.record("no separator came")
                } catch let error as IncompleteReadError {
                    #expect(text(error.partial) == "ij")
                    #expect(error.expected == nil)
                }
                #expect(reader.atEOF)
            }
        }

        /// STREAM-022; and a stream of a closed connection is not paused for ever.
        @Test(arguments: LoopKind.allCases)
        func limit_isRefused_unlessItIsAboveZero(_ kind: LoopKind) async throws {
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
