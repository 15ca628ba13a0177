import EventLoops
import Glibc
import Kernel
import Proactor
import ProactorTesting
import TestSupport
import Testing

extension Conformance {
    @Suite struct DebugMode {
        // MARK: The flag

        /// DEBUG-001.
        @Test(arguments: LoopKind.allCases)
        func environmentVariable_enablesDebugMode(_ kind: LoopKind) async {
            await #expect(processExitsWith: .success) { [kind] in
                for (value, isDebug) in [(nil, false), ("", false), ("1", true)] as [(String?, Bool)] {
                    if let value { setenv("PROACTOR_DEBUG", value, 1) } else { unsetenv("PROACTOR_DEBUG") }
                    let loop = try kind.make()
                    #expect(loop.debug == isDebug)
                    try loop.close()
                }
            }
        }

        /// DEBUG-002.
        @Test(arguments: LoopKind.allCases)
        func debugFlag_takesEffectAtOnce(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                #expect(loop.debug == false)
                #expect(loop.callSoon {}.sourcePlace == nil)
                loop.debug = true
                #expect(loop.debug)
                #expect(loop.callSoon {}.sourcePlace != nil)
                try await onThread { loop.debug = false }
                #expect(loop.debug == false)
                #expect(loop.callSoon {}.sourcePlace == nil)
            }
        }

        // MARK: Slow code

        /// DEBUG-003.
        @Test(arguments: LoopKind.allCases)
        func slowCallback_isReported(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                #expect(loop.slowCallbackDuration == .milliseconds(100))
                loop.debug = true
                loop.slowCallbackDuration = .milliseconds(20)
                try withLog { log in
                    let line = UInt(#line) + 1
                    loop.callSoon { block(.milliseconds(25)) }
                    loop.callLater(.zero) { block(.milliseconds(25)) }
                    try loop.turn(2)
                    expectSlow(log, "<Handle created at \(#fileID):\(line)>")
                    expectSlow(log, "<TimerHandle created at \(#fileID):\(line + 1)>")
                }
                loop.slowCallbackDuration = .seconds(60)
                try withLog { log in
                    loop.callSoon { block(.milliseconds(25)) }
                    try loop.turn()
                    #expect(log.lines.isEmpty)
                }
            }
        }

        /// DEBUG-003.
        @Test(arguments: LoopKind.allCases)
        func slowTask_isReported_byNameAndSourceLocation(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                // The task was started before the log was recorded.
                let early = loop.createTask(name: "early") {
                    try await loop.sleep(for: .milliseconds(1))
                    block(.milliseconds(25))
                }
                try await loop.sleep(for: .zero)
                loop.debug = true
                loop.slowCallbackDuration = .milliseconds(20)
                try await withLogLater { log in
                    try await early.value
                    let line = UInt(#line) + 1
                    let task = loop.createTask(name: "late") { block(.milliseconds(25)) }
                    task.name = "renamed"
                    try await task.value
                    expectSlow(log, "<LoopTask early>")
                    expectSlow(log, "<LoopTask renamed created at \(#fileID):\(line)>")
                }
            }
        }

        /// DEBUG-003: reported once, even within a callback or a task.
        @Test(arguments: LoopKind.allCases)
        func slowProtocolMethod_isReported_byTypeOfProtocol(_ kind: LoopKind) async throws {
            try await withLogLater { log in
                try await withLink(kind) { link in
                    link.loop.debug = true
                    link.loop.slowCallbackDuration = .milliseconds(20)
                    link.told.when = { if $0 == .data || $0 == .lost { block(.milliseconds(25)) } }
                    try link.peer.send([1])
                    try await link.told.wait { link.told.total == 1 }
                    link.transport.abort()
                    try await link.told.waitUntilLost()
                    try await link.loop.turns()
                    link.loop.debug = false
                }
                expectSlow(log, "StreamRecorder.dataReceived")
                expectSlow(log, "StreamRecorder.connectionLost")
                #expect(!log.texts(.warning).contains { $0.contains("<Handle>") })
            }
        }

        /// DEBUG-005.
        @Test(arguments: LoopKind.allCases)
        func slowCode_isNotReported_withoutDebugMode(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                loop.slowCallbackDuration = .milliseconds(1)
                try withLog { log in
                    loop.callSoon { block(.milliseconds(10)) }
                    try loop.turn()
                    // If the clock were read at the start in any mode, this callback would be reported.
                    loop.callSoon {
                        block(.milliseconds(10))
                        loop.debug = true
                    }
                    try loop.turn()
                    #expect(log.lines.isEmpty)
                }
            }
        }

        private func expectSlow(
            _ log: LogRecorder, _ name: String, sourceLocation: SourceLocation = #_sourceLocation
        ) {
            let found = log.texts(.warning).filter { $0.hasPrefix("Executing \(name) took ") }
            #expect(found.count == 1, "\(name) in \(log.lines)", sourceLocation: sourceLocation)
            let words = found.first?.split(separator: " ").suffix(2) ?? []
            #expect(words.last == "seconds", sourceLocation: sourceLocation)
            let took = words.first.flatMap { Double($0) } ?? 0
            #expect(took >= 0.02, "\(found)", sourceLocation: sourceLocation)
        }

        // MARK: Threads

        /// DEBUG-006: reported in any mode.
        @Test(arguments: LoopKind.allCases)
        func call_isRefused_onAnotherThread(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, recorder in
                loop.debug = true
                try await onThread {
                    #expect(loop.callSoon {}.isCancelled)
                    expectLoopError(.wrongThread) { try loop.addReader(0) {} }
                }
                try await loop.eventually("the report") { !recorder.contexts.isEmpty }
                let told = recorder.take()
                #expect(told.map { ($0.error as? EventLoopError)?.code } == [.wrongThread])
            }
        }

        // MARK: Lines

        /// DEBUG-008, DEBUG-010.
        @Test(arguments: LoopKind.allCases)
        func lifecycle_isLogged_inDebugModeOnly(_ kind: LoopKind) async throws {
            let silent = try await linesOfALife(kind, debug: false)
            #expect(silent.lines.map(\.text) == [])
            let log = try await linesOfALife(kind, debug: true)
            #expect(log.texts(.info).count { $0.contains("<Server serving") && $0.hasSuffix("is serving") } == 1)
            for end in [
                "got a new connection: <SocketTransport", "is connected, for TestSupport.StreamRecorder",
                "pauses reading", "resumes reading", "received EOF", "is closed",
            ] {
                #expect(log.texts(.debug).contains { $0.contains(end) }, "\(end) in \(log.lines)")
            }
            #expect(log.texts(.warning) == [])
        }

        private func linesOfALife(_ kind: LoopKind, debug: Bool) async throws -> LogRecorder {
            try await withLogLater { log in
                try await runLoop(kind) { loop, _ in
                    loop.debug = debug
                    loop.slowCallbackDuration = .seconds(60)
                    let visitors = Visitors(loop)
                    let server = try await loop.createServer(host: "127.0.0.1", port: 0) { visitors.make() }
                    let (transport, _) = try await loop.createConnection(host: "127.0.0.1", port: server.port) {
                        StreamRecorder(loop)
                    }
                    transport.pauseReading()
                    transport.resumeReading()
                    try await loop.eventually("a visitor") { visitors.all.count == 1 }
                    transport.writeEOF()
                    try await visitors.all[0].waitUntilLost()
                    try await server.closeAndWait()
                    transport.abort()
                    try await loop.turns()
                }
                return log
            }
        }

        /// Corresponds to asyncio's `ResourceWarning`.
        @Test(arguments: LoopKind.allCases)
        func close_reportsOpenResources_inDebugModeOnly(_ kind: LoopKind) async throws {
            for isDebug in [false, true] {
                try await withLogLater { log in
                    try await onThread {
                        let loop = try kind.make()
                        let (socket, peer) = try RawPeer.pair()
                        defer { peer.close() }
                        nonisolated(unsafe) var kept: [Any] = []
                        try loop.runUntilComplete {
                            kept.append(try await loop.createServer(host: "127.0.0.1", port: 0) { Silent() })
                            kept.append(try await loop.createConnection(socket: socket) { Silent() })
                        }
                        loop.debug = isDebug
                        try loop.close()
                        kept = []
                    }
                    let found = log.texts(.warning)
                    #expect(found.count { $0.hasPrefix("unclosed server <Server serving") } == (isDebug ? 1 : 0))
                    #expect(found.count { $0.hasPrefix("unclosed transport <SocketTransport") } == (isDebug ? 1 : 0))
                    #expect(found.count == (isDebug ? 2 : 0))
                }
            }
        }

        /// As above, for a loop that is released without `close`.
        @Test(arguments: LoopKind.allCases)
        func deinit_reportsOpenResources_inDebugMode(_ kind: LoopKind) async throws {
            try await withLogLater { log in
                try await onThread {
                    let (socket, peer) = try RawPeer.pair()
                    defer { peer.close() }
                    do {
                        let loop = try kind.make()
                        loop.debug = true
                        try loop.runUntilComplete { _ = try await loop.createConnection(socket: socket) { Silent() } }
                    }
                }
                let found = log.texts(.warning)
                #expect(found.count { $0.hasPrefix("unclosed event loop") } == 1)
                #expect(found.count { $0.hasPrefix("unclosed transport") } == 1)
            }
        }
    }
}

private final class Silent: StreamProtocol {
    func dataReceived(_ data: RawSpan) {}
}
