#if DEBUG
    import EventLoops
    import Kernel
    import Proactor
    import ProactorTesting
    import TestSupport
    import Testing
    import Uring

    extension RingLoop {
        /// Fault sweep: a small session is run once to count its operations, and then once for each operation and each
        /// kind of failure.
        ///
        /// No run hangs, crashes or leaks, and each connection is lost exactly once.
        @Suite struct SweepTests {
            /// Without cancellations and closes: the kernel does not refuse them for these reasons, and the operation
            /// that a refused one should have ended would stay in flight.
            private static let kinds: [OperationKind] = [
                .acceptMultishot, .connect, .receiveMultishot, .receive, .send, .sendMessage,
            ]

            /// A server and two clients on one loop: small messages, a gathered one, a buffered protocol, a
            /// half-close.
            ///
            /// Failures are reported; then the session ends early.
            private static func session(_ loop: ProactorEventLoop, _ ends: Ends) async throws {
                let server = try await loop.createServer(host: "127.0.0.1", port: 0) { ends.add(EchoRecorder(loop)) }
                let port = try #require(server.sockets.first?.localAddress?.port)
                defer { server.close() }
                do {
                    let (transport, client) = try await loop.createConnection(host: "127.0.0.1", port: port) {
                        ends.add(StreamRecorder(loop))
                    }
                    var sent = 0
                    for size in [10, 3_000, 20_000] {
                        transport.writeLines([Pattern.bytes(size), Pattern.bytes(17_000)])
                        sent += size + 17_000
                        try await loop.eventually("echo") { client.received.count == sent || transport.isClosing }
                    }
                    transport.close()
                    let (second, buffered) = try await loop.createConnection(host: "127.0.0.1", port: port) {
                        ends.add(BufferedRecorder(loop, size: 4096))
                    }
                    for _ in 0..<3 { second.write(Pattern.bytes(5_000)) }
                    try await loop.eventually("echo") { buffered.received.count == 15_000 || second.isClosing }
                    second.writeEOF()
                    try await loop.eventually("end") { second.isClosing }
                } catch is EventLoopError {
                    // A connect failed, which concerns its caller alone.
                }
                server.abortClients()
                ends.abortAll()
                try await loop.eventually("all lost", within: .seconds(10)) { ends.areOver }
            }

            private static func count(_ kind: OperationKind) async throws -> Int {
                let strikes = SharedCount()
                try await runLoop { loop, _ in
                    let plan = loop.planFaults()
                    // Has no effect: no send or receive of this session is this large.
                    plan.inject(
                        kind == .acceptMultishot || kind == .connect ? .clamp(1 << 30) : .clamp(1 << 24), into: kind)
                    try await session(loop, Ends())
                    strikes.add(plan.strikes)
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

            /// Only the success of an accept or a connect is rewritten to a transient error: the kernel does not move
            /// bytes and then report such an error.
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
                    // Failed accepts are reported.
                    recorder.take()
                }
            }
        }
    }

    /// The protocol objects of a session.
    private final class Ends {
        private var all: [ProtocolRecorder] = []

        func add<P: ProtocolRecorder>(_ connection: P) -> P {
            all.append(connection)
            return connection
        }

        func abortAll() {
            for connection in all where !connection.isLost { connection.transport?.abort() }
        }

        var areOver: Bool {
            all.allSatisfy(\.isLost)
        }

        var eachOnce: Bool {
            all.allSatisfy { $0.losses.count == 1 }
        }
    }
#endif
