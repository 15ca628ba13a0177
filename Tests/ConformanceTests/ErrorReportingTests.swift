import EventLoops
import Glibc
import Kernel
import Proactor
import ProactorTesting
import TestSupport
import Testing

extension Conformance {
    @Suite struct ErrorReporting {
        // MARK: Handlers

        /// ERR-001, ERR-002.
        @Test(arguments: LoopKind.allCases)
        func handler_getsEveryError_untilItIsRemoved(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, recorder in
                try withLog { log in
                    #expect(loop.exceptionHandler != nil, "the recorder's")
                    loop.callSoon { throw Mishap(number: 1) }
                    loop.callLater(.zero) { throw Mishap(number: 2) }
                    try loop.turn(2)
                    #expect(recorder.take().compactMap { ($0.error as? Mishap)?.number } == [1, 2])
                    #expect(log.lines.isEmpty)
                    loop.setExceptionHandler(nil)
                    #expect(loop.exceptionHandler == nil)
                    loop.callSoon { throw Mishap(number: 3) }
                    try loop.turn()
                    #expect(recorder.contexts.isEmpty)
                    #expect(log.texts(.error).count == 1)
                }
            }
        }

        /// ERR-002.
        @Test(arguments: LoopKind.allCases)
        func exceptionHandler_isNil_onANewLoop(_ kind: LoopKind) async throws {
            try await onThread {
                let loop = try kind.make()
                #expect(loop.exceptionHandler == nil)
                try loop.close()
            }
        }

        /// ERR-003.
        ///
        /// The order is asyncio's: the message, the other keys sorted, then the exception.
        @Test(arguments: LoopKind.allCases)
        func defaultHandler_logsMessage_thenSortedKeys_thenError(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                try withLog { log in
                    var context = ExceptionContext(message: "It went wrong", error: Mishap(number: 5))
                    context.socket = 7
                    context.handle = loop.callSoon {}
                    context.userInfo = ["attempt": 3, "zone": "north"]
                    loop.defaultExceptionHandler(context)
                    let lines = [
                        "It went wrong", "attempt: 3", "handle: <Handle>", "socket: 7", "zone: north",
                        "error: Mishap(number: 5)",
                    ]
                    #expect(log.lines.map(\.level) == [.error])
                    #expect(log.texts(.error) == [lines.joined(separator: "\n  ")])
                    try loop.turn()
                }
            }
        }

        /// ERR-004.
        @Test(arguments: LoopKind.allCases)
        func defaultHandler_suppliesAMessage_ifTheContextHasNone(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                withLog { log in
                    loop.defaultExceptionHandler(ExceptionContext())
                    #expect(log.texts(.error) == ["Unhandled exception in event loop"])
                }
            }
        }

        /// ERR-005.
        @Test(arguments: LoopKind.allCases)
        func defaultHandler_getsBothErrors_whenAHandlerThrows(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, recorder in
                try withLog { log in
                    loop.setExceptionHandler { _ in throw Mishap(number: 2) }
                    loop.callSoon { throw Mishap(number: 1) }
                    var hasGoneOn = false
                    loop.callSoon { hasGoneOn = true }
                    try loop.turn()
                    #expect(hasGoneOn)
                    let lines = [
                        "Unhandled error in exception handler", "context: Exception in callback",
                        "  handle: <Handle>", "  error: Mishap(number: 1)", "error: Mishap(number: 2)",
                    ]
                    #expect(log.texts(.error) == [lines.joined(separator: "\n  ")])
                    recorder.attach(to: loop)
                }
            }
        }

        /// ERR-008.
        @Test(arguments: LoopKind.allCases)
        func callExceptionHandler_runsTheHandler_beforeItReturns(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, recorder in
                var context = ExceptionContext(message: "of my own")
                context.userInfo["number"] = 4
                loop.callExceptionHandler(context)
                let told = recorder.take()
                #expect(told.map(\.message) == ["of my own"])
                #expect(told.first?.userInfo["number"] as? Int == 4)
            }
        }

        /// ERR-010.
        @Test(arguments: LoopKind.allCases)
        func exceptionHandler_mayUseTheLoop(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, recorder in
                var log: [String] = []
                loop.setExceptionHandler { _ in
                    loop.callSoon { log.append("scheduled") }
                    expectLoopError(.running) { try loop.close() }
                    loop.setExceptionHandler { _ in log.append("second handler") }
                    loop.stop()
                    log.append("handled")
                }
                loop.callSoon { throw Mishap() }
                try loop.runForever()
                #expect(log == ["handled"])
                loop.callSoon { throw Mishap() }
                try loop.turn()
                #expect(log == ["handled", "scheduled", "second handler"])
                recorder.attach(to: loop)
            }
        }

        /// ERR-013.
        ///
        /// Callbacks have task-local values only if they have a context.
        @Test(arguments: LoopKind.allCases)
        func exceptionHandler_seesTheTaskLocalsOfTheFailingTask(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, recorder in
                var seen: [String] = []
                loop.setExceptionHandler { _ in seen.append(Context.name) }
                try await Context.$name.withValue("task") {
                    let server = try await loop.startServer(host: "127.0.0.1", port: 0) { _, _ in throw Mishap() }
                    loop.callExceptionHandler(ExceptionContext(message: "here"))
                    let peer = try RawPeer.connect(server.port)
                    try await loop.eventually("the second report") { seen.count == 2 }
                    peer.close()
                    try await server.closeAndWait()
                }
                // The loop started the task of this connection, so no task passed values on to it.
                #expect(seen == ["task", "none"])
                let context = Context.$name.withValue("callback") { loop.copyContext() }
                loop.callSoon(context: context) { throw Mishap() }
                try await loop.turns()
                #expect(seen == ["task", "none", "callback"])
                recorder.attach(to: loop)
            }
        }

        // MARK: What is known

        /// ERR-007.
        @Test(arguments: LoopKind.allCases)
        func exceptionContext_hasTheHandle_ofEveryKindOfCallback(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, recorder in
                let pipe = try Pipe()
                let soon = loop.callSoon { throw Mishap() }
                let later = loop.callLater(.zero) { throw Mishap() }
                try loop.turn(2)
                let told = recorder.take()
                #expect(told.count == 2)
                #expect(told.contains { $0.handle === soon } && told.contains { $0.handle === later })
                try loop.addWriter(pipe.writeEnd) {
                    try loop.removeWriter(pipe.writeEnd)
                    loop.stop()
                    throw Mishap()
                }
                try loop.runForever()
                try loop.addSignalHandler(SIGUSR2) {
                    loop.stop()
                    throw Mishap()
                }
                kill(getpid(), SIGUSR2)
                try loop.runForever()
                try loop.removeSignalHandler(SIGUSR2)
                let others = recorder.take()
                #expect(others.count == 2)
                #expect(others.allSatisfy { $0.message == "Exception in callback" && $0.handle != nil })
            }
        }

        /// ERR-007.
        @Test(arguments: LoopKind.allCases)
        func exceptionContext_hasTaskTransportAndProtocol_whenAConnectionHandlerThrows(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, recorder in
                var task: AnyObject?
                let server = try await loop.startServer(host: "127.0.0.1", port: 0) { _, _ in
                    task = loop.currentTask()
                    throw Mishap()
                }
                let peer = try RawPeer.connect(server.port)
                try await loop.eventually("the report") { !recorder.contexts.isEmpty }
                let told = try #require(recorder.take().first)
                #expect(told.message == "Unhandled exception in connection handler")
                #expect(told.task === task && task != nil)
                #expect(told.transport != nil)
                #expect(told.protocol != nil)
                peer.close()
                try await server.closeAndWait()
            }
        }

        /// ERR-007.
        @Test(arguments: LoopKind.allCases)
        func exceptionContext_hasTheMisusedTransportOrFuture(_ kind: LoopKind) async throws {
            try await withLink(kind) { link in
                link.transport.writeEOF()
                link.transport.write([1])
                let written = try #require(link.exceptions.take().first)
                #expect(written.transport === link.transport)
                #expect(written.protocol === link.told)
                let future = link.loop.createFuture(of: Int.self)
                try await onThread { _ = future.cancel() }
                try await link.loop.eventually("the report") { !link.exceptions.contexts.isEmpty }
                let cancelled = try #require(link.exceptions.take().first)
                #expect(cancelled.message == "Non-thread-safe operation")
                #expect(cancelled.future === future)
            }
        }

        /// ERR-011.
        @Test(arguments: LoopKind.allCases)
        func exceptionContext_hasTheSourceLocation_inDebugModeOnly(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, recorder in
                loop.callSoon { throw Mishap() }
                do { try loop.createFuture(of: Int.self).setException(Mishap()) }
                try loop.turn()
                #expect(recorder.take().map { $0.sourcePlace?.line } == [nil, nil])
                loop.debug = true
                let line = UInt(#line) + 1
                loop.callSoon { throw Mishap() }
                try loop.turn()
                do { try loop.createFuture(of: Int.self).setException(Mishap()) }
                let told = recorder.take()
                #expect(told.map { $0.sourcePlace?.line } == [line, line + 2])
                #expect(told.first?.description.contains("sourcePlace: \(#fileID):\(line)") == true)
                #expect(told.allSatisfy { $0.handlePlace == nil })
            }
        }

        /// ERR-011.
        ///
        /// Without a source location of its own, it has that of the running callback.
        @Test(arguments: LoopKind.allCases)
        func exceptionContext_hasTheCallbacksSourceLocation_ifItHasNone(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, recorder in
                loop.debug = true
                let line = UInt(#line) + 1
                loop.callSoon { loop.callExceptionHandler(ExceptionContext(message: "within")) }
                try loop.turn()
                loop.callExceptionHandler(ExceptionContext(message: "outside"))
                let told = recorder.take()
                #expect(told.map { $0.handlePlace?.line } == [line, nil])
                #expect(told.allSatisfy { $0.sourcePlace == nil })
            }
        }
    }
}
