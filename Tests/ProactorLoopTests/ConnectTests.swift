import EventLoops
import Kernel
import Proactor
import ProactorLoop
import TestSupport
import Testing
import Uring

extension RingLoop {
    @Suite struct ConnectTests {
        /// The connect completes with success after its task was cancelled.
        @Test func connect_closesItsSocket_whenItSucceedsAfterCancellation() async throws {
            try await runLoop { loop, _ in
                let listener = try Listening()
                let task = loop.createTask {
                    try await loop.createConnection(host: "127.0.0.1", port: listener.port) { StreamRecorder(loop) }.1
                }
                try await loop.untilTurn("queued") { loop.driver.operationsInFlight == 2 }
                // Submits, and leaves the completion unreaped.
                try loop.enterOnly(for: .milliseconds(20))
                #expect(task.cancel())
                await #expect(throws: CancellationError.self) { try await task.value }
                let accepted = Peer(try listener.socket.accept().socket, loop)
                #expect(try await accepted.receiveToEnd() == [])
            }
        }

        /// The connect and its cancellation are in one submission; either may complete first, and each completes once.
        @Test func connect_closesItsSocket_whenCancelledAtOnce() async throws {
            try await runLoop { loop, _ in
                let listener = try Listening()
                for turns in 0..<40 {
                    let task = loop.createTask {
                        try await loop.createConnection(host: "127.0.0.1", port: listener.port) { StreamRecorder(loop) }
                            .1
                    }
                    try await loop.turns(turns % 8)
                    let wasCancelled = task.cancel()
                    do {
                        let connection = try await task.value
                        connection.transport?.abort()
                        try await loop.eventually("lost") { connection.losses.count == 1 }
                    } catch is CancellationError {
                        #expect(wasCancelled)
                    }
                    while let accepted = try? listener.socket.accept() { accepted.socket.close() }
                }
            }
        }

        /// A connect that never completes by itself.
        @Test func connect_isCancelled_whileThePeerDoesNotAnswer() async throws {
            try await runLoop { loop, _ in
                let listener = try Listening(backlog: 0)
                // These connections fill the listener's backlog, so that the next connect waits.
                let fillers = try (0..<3).map { _ in try Peer(to: listener.address, loop) }
                let task = loop.createTask {
                    try await loop.createConnection(host: "127.0.0.1", port: listener.port) { StreamRecorder(loop) }.1
                }
                try await loop.sleep(for: .milliseconds(50))
                #expect(!task.isDone, "the kernel accepted a connection that should have waited")
                task.cancel()
                await #expect(throws: CancellationError.self) { try await task.value }
                for filler in fillers { filler.close() }
            }
        }

        /// The loop closes while a task that it does not own, and that is never cancelled, waits for a connect.
        ///
        /// The task gets an error, and the socket is closed.
        @Test func connectOfAForeignTask_endsWithTheLoop() async throws {
            try await withLoop { loop, _ in
                let listener = try Listening(backlog: 0)
                let outcome = Outcome()
                nonisolated(unsafe) var fillers: [Peer] = []
                try loop.runUntilComplete {
                    fillers = try (0..<3).map { _ in try Peer(to: listener.address, loop) }
                    outcome.note {
                        _ = try await loop.createConnection(host: "127.0.0.1", port: listener.port) {
                            StreamRecorder(loop)
                        }
                    } on: {
                        loop
                    }
                    try await loop.sleep(for: .milliseconds(50))
                }
                try loop.close()
                #expect(outcome.wait() is EventLoopError, "\(outcome)")
                for filler in fillers { filler.close() }
            }
        }

        /// The connect succeeds while the loop closes, and no loop is left to serve the connection.
        @Test func connectThatSucceedsDuringClose_endsWithTheLoop() async throws {
            try await withLoop { loop, _ in
                let listener = try Listening()
                let outcome = Outcome()
                try loop.turn()
                outcome.note {
                    _ = try await loop.createConnection(host: "127.0.0.1", port: listener.port) { StreamRecorder(loop) }
                } on: {
                    loop
                }
                for _ in 0..<20 where loop.driver.operationsInFlight < 2 { try loop.turn() }
                #expect(loop.driver.operationsInFlight == 2)
                try loop.enterOnly(for: .milliseconds(20))
                try loop.close()
                #expect(outcome.wait() is EventLoopError, "\(outcome)")
            }
        }

        /// The second address of a name is tried after the loop has closed.
        @Test func connect_toTheNextAddress_isRefused_onceTheLoopIsClosed() async throws {
            try await withLoop { loop, _ in
                let listener = try Listening(backlog: 0)
                let outcome = Outcome()
                let errors = Locked<[any Error]>([])
                nonisolated(unsafe) var fillers: [Peer] = []
                try loop.runUntilComplete {
                    fillers = try (0..<3).map { _ in try Peer(to: listener.address, loop) }
                    outcome.note {
                        let address = listener.address
                        for _ in 0..<2 {
                            let socket = try Socket(family: .ipv4)
                            do { try await loop.driver.connect(socket.fileDescriptor, to: address) } catch {
                                errors.update { $0.append(error) }
                            }
                        }
                    } on: {
                        loop
                    }
                    try await loop.sleep(for: .milliseconds(50))
                }
                try loop.close()
                #expect(outcome.wait() == nil)
                let codes = errors.value.map { ($0 as? EventLoopError)?.code }
                #expect(codes == [.closed, .closed])
                for filler in fillers { filler.close() }
            }
        }
    }
}
