import EventLoops
import Glibc
import Kernel
import Proactor
import ProactorTesting
import TestSupport
import Testing

extension Conformance {
    @Suite struct Closing {
        /// LOOP-016, LOOP-018.
        @Test(arguments: LoopKind.allCases)
        func close_isIdempotent_andIsClosedStaysTrue(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                #expect(!loop.isClosed)
                try loop.turn()
                #expect(!loop.isClosed)
                for _ in 0..<3 {
                    try loop.close()
                    #expect(loop.isClosed)
                }
            }
        }

        /// LOOP-016, LOOP-018.
        @Test(arguments: LoopKind.allCases)
        func close_isIdempotent_onALoopThatNeverRan(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                for _ in 0..<3 { try loop.close() }
                #expect(loop.isClosed)
            }
        }

        /// LOOP-017.
        @Test(arguments: LoopKind.allCases)
        func close_throws_whileTheLoopRuns(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                expectLoopError(.running) { try loop.close() }
                #expect(!loop.isClosed)
                #expect(loop.isRunning)
                try await loop.sleep(for: .milliseconds(1))
            }
        }

        /// LOOP-019, CALL-012.
        @Test(arguments: LoopKind.allCases)
        func calls_fail_afterClose(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, recorder in
                try loop.close()
                expectLoopError(.closed) { try loop.runForever() }
                expectLoopError(.closed) { try loop.runUntilComplete {} }
                expectLoopError(.closed) { try loop.runUntilComplete(loop.createFuture(of: Int.self)) }
                expectLoopError(.closed) { try loop.callSoonThreadsafe {} }
                expectLoopError(.closed) { try loop.addSignalHandler(SIGUSR1) {} }
                expectLoopError(.closed) { try loop.createTask { 1 }.result() }
                expectLoopError(.closed) { try loop.runInExecutor { 1 }.result() }
                // Where the method cannot throw, the exception handler gets the error and the handle is cancelled.
                let refused: [(Handle, String)] = [
                    (loop.callSoon {}, "callSoon"),
                    (loop.callLater(.zero) {}, "callAt"),
                    (loop.callAt(loop.time) {}, "callAt"),
                ]
                #expect(refused.allSatisfy { $0.0.isCancelled })
                let told = recorder.take().compactMap { $0.error as? EventLoopError }
                #expect(told.map(\.code) == [.closed, .closed, .closed])
                #expect(told.map(\.operation) == refused.map(\.1))
            }
        }

        /// LOOP-021.
        @Test(arguments: LoopKind.allCases)
        func close_releasesCallbacksTimersAndTheirCaptures(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                var hasRun = false
                weak var soon: Witness?
                weak var later: Witness?
                weak var posted: Witness?
                var kept: [Handle] = []
                do {
                    let witnesses = (Witness(), Witness(), Witness())
                    (soon, later, posted) = witnesses
                    nonisolated(unsafe) let third = witnesses.2
                    kept.append(loop.callSoon { hasRun = withExtendedLifetime(witnesses.0) { true } })
                    kept.append(loop.callLater(.zero) { hasRun = withExtendedLifetime(witnesses.1) { true } })
                    kept.append(loop.callLater(.seconds(9)) { hasRun = withExtendedLifetime(witnesses.1) { true } })
                    kept.append(try loop.callSoonThreadsafe { withExtendedLifetime(third) {} })
                }
                #expect(soon != nil && later != nil && posted != nil)
                try loop.close()
                #expect(!hasRun)
                #expect(soon == nil, "a callback's captures outlive close()")
                #expect(later == nil, "a timer's captures outlive close()")
                #expect(posted == nil, "a posted callback's captures outlive close()")
                // As in asyncio, closing does not mark them as cancelled.
                #expect(kept.allSatisfy { !$0.isCancelled })
                withExtendedLifetime(kept) {}
            }
        }

        /// LOOP-021.
        @Test(arguments: LoopKind.allCases)
        func close_endsWaitingTasks(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                var log: [String] = []
                let future = loop.createFuture(of: Int.self)
                let tasks = [
                    loop.createTask {
                        defer { log.append("sleeper") }
                        try await loop.sleep(for: .seconds(3600))
                    },
                    loop.createTask {
                        defer { log.append("waiter") }
                        _ = try await future.value
                    },
                    loop.createTask {
                        defer { log.append("yielder") }
                        while true { try await loop.sleep(for: .zero) }
                    },
                ]
                try loop.turn(4)
                #expect(log.isEmpty)
                try loop.close()
                #expect(log.sorted() == ["sleeper", "waiter", "yielder"])
                #expect(tasks.allSatisfy { $0.isCancelled || $0.isDone })
            }
        }

        /// LOOP-022.
        @Test(arguments: LoopKind.allCases)
        func close_doesNotWaitForJobsOfTheExecutor(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                let gate = Gate()
                let hasBegun = Gate()
                let hasEnded = Gate()
                _ = loop.runInExecutor {
                    hasBegun.open()
                    gate.wait()
                    hasEnded.open()
                }
                hasBegun.wait()
                try loop.close()
                #expect(!hasEnded.isOpen)
                gate.open()
                hasEnded.wait()
            }
        }

        /// LOOP-023.
        @Test(arguments: LoopKind.allCases)
        func close_restoresSignalDispositions(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                let before = disposition(of: SIGUSR2)
                try loop.addSignalHandler(SIGUSR2) {}
                #expect(disposition(of: SIGUSR2) != before)
                try loop.close()
                #expect(disposition(of: SIGUSR2) == before)
            }
        }

        /// LOOP-026.
        @Test(arguments: LoopKind.allCases)
        func loop_isClosed_onDeinit(_ kind: LoopKind) async throws {
            try await onThread {
                let before = OpenSockets.open()
                weak var dropped: AnyObject?
                weak var held: Witness?
                do {
                    let loop = try kind.make()
                    dropped = loop
                    let witness = Witness()
                    held = witness
                    loop.callLater(.seconds(3600)) { withExtendedLifetime(witness) {} }
                    try loop.turn()
                }
                #expect(dropped == nil, "the loop is retained by a part of itself")
                #expect(held == nil, "a timer of the loop outlives it")
                #expect(OpenSockets.left(since: before) == [])
            }
        }

        /// LOOP-025.
        @Test(arguments: LoopKind.allCases)
        func close_cancelsOperationsInFlight(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                let (near, far) = try Socket.pair()
                _ = try loop.runUntilComplete {
                    try await loop.createConnection(socket: near) { TallyProtocol() }
                }
                try loop.close()
                // If the receive were still armed, the kernel would write to freed memory. The peer sees the end.
                var byte: UInt8 = 0
                #expect(read(far.fileDescriptor, &byte, 1) == 0)
                far.close()
            }
        }

        private func disposition(of signal: Int32) -> Int {
            var action = sigaction()
            guard sigaction(signal, nil, &action) == 0 else { return -1 }
            return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self)
        }
    }
}
