import EventLoops
import Kernel
import Proactor
import TestSupport
import Testing

extension Conformance {
    /// Tasks that do not belong to the loop but call it on its thread.
    @Suite struct MisplacedTaskTests {
        /// A task that runs on the loop's thread but would resume on another one is refused before anything changes.
        @Test(arguments: LoopKind.allCases)
        func waits_areRefused_inATaskThatDoesNotPreferTheLoop(_ kind: LoopKind) async throws {
            try await withStreams(kind) { link in
                let (loop, reader) = (link.loop, link.reader)
                let future = loop.createFuture(of: Int.self)
                let waits: [@Sendable () async throws -> Void] = [
                    { try await loop.sleep(for: .milliseconds(1)) }, { _ = try await reader.readLine() },
                    { _ = try await future.value }, { _ = try await reader.readExactly(5) },
                ]
                for wait in waits {
                    let task = Task.immediate { try await wait() }
                    let outcome = await task.result
                    let error = #expect(throws: EventLoopError.self) { try outcome.get() }
                    #expect(error?.code == .wrongThread)
                }
                try future.setResult(1)
                try link.peer.send(Array("line\n".utf8))
                #expect(try await reader.readLine() == Array("line\n".utf8))
            }
        }

        /// An actor that is pinned to the loop may be called by any task, and may use every kind of wait.
        @Test(arguments: LoopKind.allCases)
        func pinnedActor_mayWait_whateverTaskCallsIt(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let server = try await loop.startServer(host: "127.0.0.1", port: 0) { reader, writer in
                    while let line = try await reader.lines.first(where: { _ in true }) { writer.write(line) }
                }
                let visitor = Visitor(loop, server.port)
                let task = Task.detached { try await visitor.visit() }
                let deadline = loop.time.advanced(by: .seconds(20))
                let hasEnded = Gate()
                Task.detached {
                    _ = await task.result
                    hasEnded.open()
                }
                while !hasEnded.isOpen, loop.time < deadline { try await loop.sleep(for: .milliseconds(5)) }
                task.cancel()
                #expect(try await task.value == 40)
                server.close()
                try await server.waitClosed()
            }
        }

        private actor Visitor {
            private let loop: any AbstractEventLoop
            private let port: Int

            init(_ loop: any AbstractEventLoop, _ port: Int) {
                self.loop = loop
                self.port = port
            }

            nonisolated var unownedExecutor: UnownedSerialExecutor {
                loop.serialExecutor.asUnownedSerialExecutor()
            }

            func visit() async throws -> Int {
                var lines = 0
                for delay in [nil, Duration.milliseconds(50)] {
                    let (reader, writer) = try await loop.openConnection(
                        host: delay == nil ? "127.0.0.1" : "localhost", port: port, happyEyeballsDelay: delay)
                    for number in 0..<20 {
                        let line = Array("\(number)\n".utf8)
                        writer.write(line)
                        if try await reader.readLine() == line { lines += 1 }
                        if number == 10 { try await loop.sleep(for: .milliseconds(1)) }
                    }
                    writer.close()
                    try await writer.waitClosed()
                }
                return lines
            }
        }

        /// An actor that other threads use, too, may resume on one of them: the wait is refused, and nothing breaks.
        @Test(arguments: LoopKind.allCases)
        func sharedActor_isRefused_ifItResumesElsewhere(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let shared = Shared(loop)
                for _ in 0..<20 {
                    Task.detached { await shared.hold() }
                    do {
                        try await loop.createTask { try await shared.wait() }.value
                    } catch let error as EventLoopError {
                        #expect(error.code == .wrongThread)
                    }
                }
            }
        }

        private actor Shared {
            private let loop: any AbstractEventLoop

            init(_ loop: any AbstractEventLoop) {
                self.loop = loop
            }

            func hold() {
                block(.milliseconds(2))
            }

            func wait() async throws {
                try await loop.sleep(for: .microseconds(200))
            }
        }
    }
}
