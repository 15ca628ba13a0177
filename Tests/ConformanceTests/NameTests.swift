import EventLoops
import Glibc
import Kernel
import Proactor
import ProactorTesting
import TestSupport
import Testing

extension Conformance {
    /// Names and addresses from the system's resolver.
    ///
    /// No test needs a name server.
    @Suite struct Names {
        /// DNS-001 DNS-005: the same answers as from the system call.
        @Test(arguments: LoopKind.allCases)
        func addresses_areThoseOfTheSystem(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let cases: [(String?, AddressFamily, Int32, Int32, Int32)] = [
                    ("localhost", .unspecified, 0, 0, 0), ("localhost", .unspecified, Socket.stream, 0, 0),
                    ("127.0.0.1", .ipv4, 0, Int32(IPPROTO_UDP), 0), ("::1", .ipv6, Socket.stream, 0, AI_NUMERICHOST),
                    (nil, .unspecified, Socket.stream, 0, AI_PASSIVE), (nil, .ipv4, Socket.stream, 0, 0),
                    ("127.0.0.1", .unspecified, 0, 0, AI_CANONNAME), ("127.0.0.1", .ipv6, 0, 0, AI_V4MAPPED),
                ]
                for (host, family, type, proto, flags) in cases {
                    let expected = try AddressLookup.addresses(
                        host: host, service: "80", family: family, type: type, protocol: proto, flags: flags)
                    let found = try await loop.getAddrInfo(
                        host: host, port: 80, family: family, type: type, proto: proto, flags: flags)
                    #expect(found == expected, "\(host ?? "nil")")
                    #expect(found.allSatisfy { $0.address.port == 80 })
                }
                let named = try await loop.getAddrInfo(host: "127.0.0.1", port: 80, flags: AI_CANONNAME)
                #expect(named.first?.canonicalName == "127.0.0.1")
                #expect(named.dropFirst().allSatisfy { $0.canonicalName == nil })
            }
        }

        /// DNS-002: only the caller waits for the answer.
        @Test(arguments: LoopKind.allCases)
        func loop_keepsRunning_duringALookup(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let gate = Gate()
                let lookup = try await Self.lookUpBehind(gate, loop)
                var calls = 0
                for _ in 0..<10 {
                    loop.callSoon { calls += 1 }
                    try await loop.sleep(for: .milliseconds(1))
                }
                #expect(calls == 10)
                #expect(!lookup.isDone)
                gate.open()
                let found = try await lookup.value
                #expect(!found.isEmpty)
            }
        }

        /// Starts a lookup whose thread is busy until the gate opens.
        private static func lookUpBehind(
            _ gate: Gate, _ loop: any AbstractEventLoop
        ) async throws -> LoopTask<[AddressInfo]> {
            loop.setDefaultExecutor(ThreadPoolExecutor(maxWorkers: 1))
            _ = loop.runInExecutor { gate.wait() }
            let lookup = loop.createTask { try await loop.getAddrInfo(host: "127.0.0.1", port: 80) }
            try await loop.turns()
            return lookup
        }

        /// DNS-003.
        @Test(arguments: LoopKind.allCases)
        func unknownName_isAnErrorWithItsCode(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let error = try await loopError {
                    try await loop.getAddrInfo(host: "no.number", port: 80, flags: AI_NUMERICHOST)
                }
                #expect(error.code == .lookupFailed)
                #expect(error.operation == "getAddrInfo")
                #expect(error.address == "no.number:80")
                #expect((error.attempts.first as? LookupError)?.code == EAI_NONAME)
                #expect(error.description.contains("EAI_NONAME (Name or service not known)"))
            }
        }

        /// Each of these errors once had the remedy "Check the spelling".
        @Test(arguments: LoopKind.allCases)
        func remedy_matchesTheCause(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let cases: [(AddressFamily, Int32, Int32, Int32, String)] = [
                    (.unspecified, 0, 999, 0, "check `type` and `proto`"),
                    (.unspecified, 99, 0, 0, "check `type` and `proto`"),
                    (AddressFamily(rawValue: 99), 0, 0, 0, "check `family`"),
                    (.unspecified, 0, 0, -1, "check `flags`"),
                    (.unspecified, 0, 0, AI_NUMERICHOST, "Check the spelling"),
                ]
                for (family, type, proto, flags, remedy) in cases {
                    let error = try await loopError {
                        try await loop.getAddrInfo(
                            host: "no.number", port: 80, family: family, type: type, proto: proto, flags: flags)
                    }
                    #expect(error.detail.contains(remedy), "\(error)")
                }
                let nameless = try await loopError {
                    try await loop.getNameInfo(
                        try SocketAddress(ipAddress: "192.0.2.1", port: 1), flags: NI_NUMERICHOST | NI_NAMEREQD)
                }
                #expect(nameless.detail.contains("without `NI_NAMEREQD`"), "\(nameless)")
            }
        }

        /// DNS-006: text that cannot be a host name.
        @Test(arguments: LoopKind.allCases)
        func impossibleNames_areErrors(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let label = String(repeating: "a", count: 64)
                let long = Array(repeating: "a", count: 2000).joined(separator: ".")
                let longer = String(repeating: "x", count: 1_000_000)
                let hosts = [
                    "", "\0", "127.0.0.1\0.example", label, "\(label).example", long, longer, "..", "a b", "é\u{301}",
                ]
                for host in hosts {
                    let flags = AI_NUMERICHOST
                    let error = try await loopError { try await loop.getAddrInfo(host: host, port: 80, flags: flags) }
                    #expect(error.code == .lookupFailed, "\(host.prefix(80).debugDescription)")
                    #expect(error.attempts.first is LookupError)
                    let connection = try await loopError {
                        try await loop.createConnection(host: host, port: 80, flags: flags) { StreamRecorder(loop) }
                    }
                    #expect(connection.code == .lookupFailed, "\(host.prefix(80).debugDescription)")
                }
                // Without the flag the system looks up the label and finds it too long.
                let unasked = try await loopError { try await loop.getAddrInfo(host: label, port: 80) }
                #expect(unasked.code == .lookupFailed)
                for port in [-1, 65536, .max, .min] {
                    let error = try await loopError { try await loop.getAddrInfo(host: "127.0.0.1", port: port) }
                    #expect(error.code == .invalidArgument)
                    #expect(error.operation == "getAddrInfo")
                }
                for (family, type, flags) in [(99, Int32(0), Int32(0)), (0, 99, 0), (0, 0, -1)] {
                    let error = try await loopError {
                        try await loop.getAddrInfo(
                            host: "127.0.0.1", port: 80, family: AddressFamily(rawValue: Int32(family)), type: type,
                            flags: flags)
                    }
                    #expect(error.code == .lookupFailed)
                    #expect(error.attempts.first is LookupError)
                }
            }
        }

        /// DNS-007.
        @Test(arguments: LoopKind.allCases)
        func names_areThoseOfTheSystem(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let address = try SocketAddress(ipAddress: "127.0.0.1", port: 80)
                for flags in [0, NI_NUMERICHOST | NI_NUMERICSERV, NI_NUMERICSERV, NI_DGRAM] {
                    let expected = try AddressLookup.names(of: address, flags: flags)
                    let found = try await loop.getNameInfo(address, flags: flags)
                    #expect(found == expected)
                }
                let error = try await loopError {
                    try await loop.getNameInfo(
                        try SocketAddress(ipAddress: "192.0.2.1", port: 1), flags: NI_NUMERICHOST | NI_NAMEREQD)
                }
                #expect(error.code == .lookupFailed)
                #expect(error.operation == "getNameInfo")
                #expect(error.address == "192.0.2.1:1")
                #expect(error.attempts.first is LookupError)
            }
        }

        /// DNS-008.
        @Test(arguments: LoopKind.allCases)
        func cancelledLookup_throwsAtOnce_andItsAnswerIsDropped(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, recorder in
                let (gate, ended) = (Gate(), SharedCount())
                loop.setResolver(SystemResolver(executor: HeldExecutor(gate, ended)))
                let lookup = loop.createTask { try await loop.getAddrInfo(host: "127.0.0.1", port: 80) }
                let connection = loop.createTask { _ = try await loop.openConnection(host: "localhost", port: 80) }
                let name = loop.createTask { _ = try await loop.getNameInfo(try .anyIPv4(port: 1)) }
                let left = loop.createTask { _ = try await loop.getAddrInfo(host: "localhost", port: 80) }
                try loop.turn(5)
                try loop.runUntilComplete {
                    await expectCancelled(lookup)
                    await expectCancelled(connection)
                    await expectCancelled(name)
                }
                #expect(!left.isDone)
                try loop.close()
                #expect(left.isCancelled)
                // The threads do not answer before this.
                gate.open()
                while ended.value < 4 { block(.milliseconds(1)) }
                #expect(recorder.contexts.isEmpty)
            }
        }

        /// DNS-009.
        @Test(arguments: LoopKind.allCases)
        func slowLookups_areLogged_inDebugModeOnly(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let log = LogRecorder(about: "Looking up")
                defer { log.stop() }
                loop.debug = false
                loop.slowCallbackDuration = .zero
                _ = try await loop.getAddrInfo(host: "127.0.0.1", port: 4711)
                #expect(log.lines.isEmpty)
                loop.debug = true
                loop.slowCallbackDuration = .seconds(3600)
                _ = try await loop.getAddrInfo(host: "127.0.0.1", port: 4711)
                #expect(log.lines.isEmpty)
                loop.slowCallbackDuration = .zero
                _ = try await loop.getAddrInfo(host: "127.0.0.1", port: 4711)
                _ = try? await loop.getAddrInfo(host: "no.number", port: 4712, flags: AI_NUMERICHOST)
                _ = try await loop.getNameInfo(try .anyIPv4(port: 4713), flags: NI_NUMERICHOST)
                // Otherwise the rest of this turn would be reported, too.
                loop.slowCallbackDuration = .seconds(3600)
                #expect(log.lines.map(\.level) == [.info, .info, .info])
                let subjects = ["127.0.0.1:4711", "no.number:4712", "0.0.0.0:4713"]
                for (line, subject) in zip(log.lines, subjects) { #expect(line.text.contains("\(subject) took")) }
            }
        }

        /// DNS-011.
        @Test(arguments: LoopKind.allCases)
        func lookups_allEnd_ifThereAreMoreLookupsThanThreads(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                loop.setDefaultExecutor(ThreadPoolExecutor(maxWorkers: 2, maxPending: 1))
                let lookups = (0..<300).map { number in
                    loop.createTask { try await loop.getAddrInfo(host: "127.0.0.1", port: number) }
                }
                for (number, lookup) in lookups.enumerated() {
                    let found = try await lookup.value
                    #expect(found.first?.address.port == number)
                }
            }
        }

        /// DNS-002 LOOP-038.
        @Test(arguments: LoopKind.allCases)
        func lookups_areRefused_withoutAnExecutorOrLoop(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                try await loop.shutdownDefaultExecutor()
                await expectLoopErrorLater(.executorShutDown) { try await loop.getAddrInfo(host: "localhost", port: 1) }
                await expectLoopErrorLater(.executorShutDown) { try await loop.getNameInfo(try .anyIPv4(port: 1)) }
                await expectLoopErrorLater(.executorShutDown) {
                    try await loop.createServer(host: "localhost", port: 0) { StreamRecorder(loop) }
                }
            }
            let loop = try kind.make()
            try loop.close()
            await expectLoopErrorLater(.closed) { try await loop.getAddrInfo(host: "localhost", port: 1) }
            await expectLoopErrorLater(.closed) { try await loop.getNameInfo(try .anyIPv4(port: 1)) }
        }
    }
}

/// Runs each job on a thread that first waits at a gate, so that a lookup can be in progress for as long as a test
/// needs.
private final class HeldExecutor: WorkExecutor {
    private let gate: Gate
    private let ended: SharedCount

    init(_ gate: Gate, _ ended: SharedCount) {
        self.gate = gate
        self.ended = ended
    }

    func submit(_ job: @escaping @Sendable () -> Void) throws(EventLoopError) {
        _ = HelperThread { [gate, ended] in
            gate.wait()
            job()
            ended.increment()
        }
    }

    func shutdown(wait: Bool, cancelPending: Bool) {}
}
