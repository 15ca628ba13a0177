#if DEBUG
    import EventLoops
    import Kernel
    import Proactor
    import ProactorTesting
    import Testing
    import Uring

    extension RingLoop {
        /// The Nth-fault sweep: a small session is run once to count its operations, and then once for each of them and
        /// each way to fail.
        ///
        /// No hang, no crash, no leak, and each connection is lost exactly once.
        @Suite struct SweepTests {
            /// Cancels and closes are left out: the kernel does not refuse them for such reasons, and what a refused
            /// one would have ended would stay.
            private static let kinds: [OperationKind] = [
                .acceptMultishot, .connect, .receiveMultishot, .receive, .send, .sendMessage,
            ]

            /// A server and two clients on one loop: small messages, a gathered one, memory of the protocol's own, a
            /// half close.
            ///
            /// What fails is told; then the session ends early.
            private static func session(_ loop: ProactorEventLoop, _ ends: Ends) async throws {
                let server = try await loop.createServer(host: "127.0.0.1", port: 0) { ends.add(Echo()) }
                let port = try #require(server.sockets.first?.localAddress?.port)
                defer { server.close() }
                do {
                    let (transport, client) = try await loop.createConnection(host: "127.0.0.1", port: port) {
                        ends.add(Recorder())
                    }
                    var sent = 0
                    for size in [10, 3_000, 20_000] {
                        transport.writeLines([pattern(size), pattern(17_000)])
                        sent += size + 17_000
                        try await loop.until("echo") { client.bytes.count == sent || transport.isClosing }
                    }
                    transport.close()
                    let (second, buffered) = try await loop.createConnection(host: "127.0.0.1", port: port) {
                        ends.add(BufferedRecorder())
                    }
                    for _ in 0..<3 { second.write(pattern(5_000)) }
                    try await loop.until("echo") { buffered.bytes.count == 15_000 || second.isClosing }
                    second.writeEOF()
                    try await loop.until("end") { second.isClosing }
                } catch is EventLoopError {
                    // A connect failed: that is its caller's to know.
                }
                server.abortClients()
                ends.abortAll()
                try await loop.until("all lost", within: .seconds(10)) { ends.areOver }
            }

            private static func count(_ kind: OperationKind) async throws -> Int {
                let strikes = Counter()
                try await runLoop { loop, _ in
                    let plan = loop.planFaults()
                    // Changes nothing: no send or receive of this session is as large.
                    plan.inject(
                        kind == .acceptMultishot || kind == .connect ? .clamp(1 << 30) : .clamp(1 << 24), into: kind)
                    try await session(loop, Ends())
                    strikes.value = plan.strikes
                }
                return strikes.value
            }

            @Test(arguments: kinds) func session_survivesTheFailure_ofEachOfItsOperations(_ kind: OperationKind)
                async throws
            {
                let count = try await Self.count(kind)
                #expect(count > 0, "the session has no \(kind.name)")
                for number in 1...max(count, 1) {
                    for fault in Self.faults(of: kind) { try await Self.run(kind, number, fault) }
                }
            }

            /// A success turns into an error that passes for accepts and connects only: the kernel does not move bytes
            /// and then ask for the operation again.
            private static func faults(of kind: OperationKind) -> [FaultPlan.Fault] {
                let errors = [Errno.connectionReset, .noBufferSpace, .interrupted, .canceled]
                let spoilt = kind == .acceptMultishot || kind == .connect ? errors : [.connectionReset]
                return errors.map { .refuse($0) } + spoilt.map { .rewrite($0) }
            }

            private static func run(_ kind: OperationKind, _ number: Int, _ fault: FaultPlan.Fault) async throws {
                try await runLoop { loop, recorder in
                    let plan = loop.planFaults()
                    plan.inject(fault, into: kind, .number(number))
                    let ends = Ends()
                    try await session(loop, ends)
                    #expect(ends.eachOnce, "\(kind.name) number \(number), \(fault)")
                    // Accepts that failed were reported.
                    recorder.take()
                }
            }
        }
    }

    /// The protocol objects of a session.
    private final class Ends {
        private var plain: [Recorder] = []
        private var buffered: [BufferedRecorder] = []

        func add<P: Recorder>(_ connection: P) -> P {
            plain.append(connection)
            return connection
        }

        func add(_ connection: BufferedRecorder) -> BufferedRecorder {
            buffered.append(connection)
            return connection
        }

        func abortAll() {
            for connection in plain where connection.losses.isEmpty { connection.transport?.abort() }
            for connection in buffered where connection.losses.isEmpty { connection.transport?.abort() }
        }

        var areOver: Bool {
            plain.allSatisfy { !$0.losses.isEmpty } && buffered.allSatisfy { !$0.losses.isEmpty }
        }

        var eachOnce: Bool {
            plain.allSatisfy { $0.losses.count == 1 } && buffered.allSatisfy { $0.losses.count == 1 }
        }
    }

    private final class Counter: @unchecked Sendable {
        var value = 0
    }
#endif
