import EventLoops
import Kernel
import Proactor
import TestSupport
import Testing

extension Conformance {
    /// How a task waits for a connect, on every driver.
    @Suite struct ConnectWaitTests {
        @Test(arguments: LoopKind.allCases)
        func connect_isCancelled_whileThePeerDoesNotAnswer(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let deaf = try DeafListener()
                let before = loop.pendingOperations.count
                let task = loop.createTask { try await loop.connect(to: deaf.address) }
                while loop.pendingOperations.count == before { try await loop.sleep(for: .milliseconds(1)) }
                let pending = try #require(loop.pendingOperations.first { $0.name == "connect" })
                #expect(pending.owner == "\(task) to \(deaf.address)")
                task.cancel()
                await #expect(throws: CancellationError.self) { try await task.value }
                #expect(loop.pendingOperations.count == before)
                deaf.close()
            }
        }

        @Test(arguments: LoopKind.allCases)
        func connect_isNotStarted_inACancelledTask(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let listener = try RawListener()
                let task = loop.createTask {
                    withUnsafeCurrentTask { $0?.cancel() }
                    try await loop.connect(to: listener.address)
                }
                await #expect(throws: CancellationError.self) { try await task.value }
                listener.close()
            }
        }

        @Test(arguments: LoopKind.allCases)
        func connect_isRefused_inATaskThatDoesNotPreferTheLoop(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let listener = try RawListener()
                let address = listener.address
                let task = Task.immediate { try await loop.connect(to: address) }
                let outcome = await task.result
                let error = #expect(throws: EventLoopError.self) { try outcome.get() }
                #expect(error?.code == .wrongThread)
                listener.close()
            }
        }

        /// Closing the loop does not cancel a task that the loop does not own; its connect ends nevertheless.
        @Test(arguments: LoopKind.allCases)
        func connectOfAForeignTask_endsWithTheLoop(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                let deaf = try DeafListener()
                let address = deaf.address
                let code = Locked<EventLoopError.Code?>(nil)
                let hasEnded = Gate()
                try loop.runUntilComplete {
                    let before = loop.pendingOperations.count
                    Task(executorPreference: loop.taskExecutor) {
                        do { try await loop.connect(to: address) } catch let error as EventLoopError {
                            code.value = error.code
                        }
                        hasEnded.open()
                    }
                    while loop.pendingOperations.count == before { try await loop.sleep(for: .milliseconds(1)) }
                }
                try loop.close()
                hasEnded.wait()
                #expect(code.value == .closed)
                deaf.close()
            }
        }
    }
}

extension AbstractEventLoop {
    /// Connects a socket of its own through the loop's driver, and closes it.
    fileprivate func connect(to address: SocketAddress) async throws {
        let socket = try Socket(family: address.family)
        defer { socket.close() }
        try await core.operations.connect(socket.fileDescriptor, to: address)
    }
}
