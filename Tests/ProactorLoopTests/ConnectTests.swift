import EventLoops
import Kernel
import Proactor
import ProactorLoop
import Testing
import Uring

extension RingLoop {
    @Suite struct ConnectTests {
        /// R3: the kernel says that it stands, after the task was cancelled.
        @Test func connect_closesItsSocket_whenItSucceedsAfterACancel() async throws {
            try await runLoop { loop, _ in
                let listener = try Listening()
                let task = loop.createTask {
                    try await loop.createConnection(host: "127.0.0.1", port: listener.port) { Recorder() }.1
                }
                try await loop.untilTurn("queued") { loop.driver.operationsInFlight == 2 }
                // Submits, and leaves the success where nobody has looked yet.
                try loop.enterOnly(for: .milliseconds(20))
                #expect(task.cancel())
                await #expect(throws: CancellationError.self) { try await task.value }
                let accepted = Peer(try listener.socket.accept().socket, loop)
                #expect(try await accepted.receiveToEnd() == [])
            }
        }

        /// R2: the cancel and the connect in one submission, whichever the kernel ends first.
        @Test func connect_closesItsSocket_whenItIsCancelledAtOnce() async throws {
            try await runLoop { loop, _ in
                let listener = try Listening()
                for turns in 0..<40 {
                    let task = loop.createTask {
                        try await loop.createConnection(host: "127.0.0.1", port: listener.port) { Recorder() }.1
                    }
                    try await loop.turns(turns % 8)
                    let wasCancelled = task.cancel()
                    do {
                        let connection = try await task.value
                        connection.transport?.abort()
                        try await loop.until("lost") { connection.losses.count == 1 }
                    } catch is CancellationError {
                        #expect(wasCancelled)
                    }
                    while let accepted = try? listener.socket.accept() { accepted.socket.close() }
                }
            }
        }

        /// R3, R10: a connect that never ends.
        @Test func connect_isCancelled_whileThePeerSaysNothing() async throws {
            try await runLoop { loop, _ in
                let listener = try Listening(backlog: 0)
                // What fills the queue of a listener that does not accept leaves the next ones waiting.
                let fillers = try (0..<3).map { _ in try Peer(to: listener.address, loop) }
                let task = loop.createTask {
                    try await loop.createConnection(host: "127.0.0.1", port: listener.port) { Recorder() }.1
                }
                try await loop.sleep(for: .milliseconds(50))
                #expect(!task.isDone, "the kernel accepted what should have waited")
                task.cancel()
                await #expect(throws: CancellationError.self) { try await task.value }
                for filler in fillers { filler.close() }
            }
        }

        /// R10, io_uring 15.8: the loop closes on a connect of a task that nobody cancels; it is told, and its socket
        /// goes.
        @Test func connect_ofATaskThatIsNotTheLoops_endsWithTheLoop() async throws {
            try await withLoop { loop, _ in
                let listener = try Listening(backlog: 0)
                let outcome = Outcome()
                nonisolated(unsafe) var fillers: [Peer] = []
                try loop.runUntilComplete {
                    fillers = try (0..<3).map { _ in try Peer(to: listener.address, loop) }
                    outcome.note {
                        _ = try await loop.createConnection(host: "127.0.0.1", port: listener.port) { Recorder() }
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

        /// io_uring 15.8: it succeeds in the moment in which the loop closes; then there is no loop any more to serve
        /// it.
        @Test func connect_thatSucceedsWhileTheLoopCloses_endsWithTheLoop() async throws {
            try await withLoop { loop, _ in
                let listener = try Listening()
                let outcome = Outcome()
                try loop.oneTurn()
                outcome.note {
                    _ = try await loop.createConnection(host: "127.0.0.1", port: listener.port) { Recorder() }
                } on: {
                    loop
                }
                for _ in 0..<20 where loop.driver.operationsInFlight < 2 { try loop.oneTurn() }
                #expect(loop.driver.operationsInFlight == 2)
                try loop.enterOnly(for: .milliseconds(20))
                try loop.close()
                #expect(outcome.wait() is EventLoopError, "\(outcome)")
            }
        }

        /// io_uring 15.8: the second address of a name comes after the loop has closed.
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
