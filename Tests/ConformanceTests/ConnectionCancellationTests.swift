import EventLoops
import Kernel
import Proactor
import TestSupport
import Testing

extension Conformance {
    /// Cancelling a connect at each of its stages; the harness counts descriptors and operations.
    @Suite struct ConnectionCancellation {
        /// A stage at which `createConnection` waits.
        enum Stage: String, CaseIterable, CustomTestStringConvertible {
            case lookup, localLookup, onlyAttempt, secondAttempt, delayOfRace, allOfRace

            var testDescription: String { rawValue }
        }

        /// CONN-025 CONN-033.
        @Test(arguments: LoopKind.allCases, Stage.allCases)
        func createConnection_leavesNothing_whenCancelled(_ kind: LoopKind, at stage: Stage) async throws {
            try await runLoop(kind) { loop, _ in
                let deaf = try (0..<3).map { _ in try DeafListener() }
                defer { for listener in deaf { listener.close() } }
                let closed = try RawListener.closedAddress()
                let resolver = WaitingResolver(
                    loop, waits: stage == .lookup ? "remote" : stage == .localLookup ? "local" : nil,
                    answers: stage == .secondAttempt ? [closed, deaf[0].address] : deaf.map(\.address))
                loop.setResolver(resolver)
                let delay: Duration? =
                    switch stage {
                    case .delayOfRace: .seconds(3600)
                    case .allOfRace: .zero
                    default: nil
                    }
                var made = 0
                let task = loop.createTask {
                    try await loop.createConnection(
                        host: "remote", port: 1, localAddress: stage == .localLookup ? (host: "local", port: 0) : nil,
                        happyEyeballsDelay: delay
                    ) {
                        made += 1
                        return StreamRecorder(loop)
                    }
                }
                func connects() -> Int { loop.pendingOperations.count { $0.name == "connect" } }
                switch stage {
                case .lookup, .localLookup: try await loop.eventually("a lookup") { resolver.isWaiting }
                case .onlyAttempt, .secondAttempt: try await loop.eventually("an attempt") { connects() == 1 }
                case .delayOfRace:
                    try await loop.eventually("an attempt") { connects() == 1 }
                    try await loop.turns(5)
                    #expect(connects() == 1)
                case .allOfRace: try await loop.eventually("three attempts") { connects() == 3 }
                }
                await expectCancelled(task)
                #expect(connects() == 0)
                #expect(made == 0)
                loop.setResolver(nil)
            }
        }

        /// CONN-025: at every turn, from before the connect until after it.
        ///
        /// A connection that is established at the same moment is either returned or closed.
        @Test(arguments: LoopKind.allCases)
        func createConnection_leavesNothing_whenCancelledAtAnyTurn(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let listeners = try [RawListener(), RawListener()]
                loop.setResolver(FakeResolver(["several": listeners.map(\.address)]))
                var completed = 0
                for delay in [nil, Duration.zero] {
                    for turns in 0..<12 {
                        let task = loop.createTask {
                            try await loop.createConnection(
                                host: "several", port: 1, happyEyeballsDelay: delay
                            ) { StreamRecorder(loop) }
                        }
                        try await loop.turns(turns)
                        task.cancel()
                        guard let (transport, told) = try? await task.value else { continue }
                        completed += 1
                        transport.abort()
                        try await told.waitUntilLost()
                    }
                }
                #expect(completed > 0, "the last turns are after the connect")
                withExtendedLifetime(listeners) {}
            }
        }

        /// The first attempt wins while others are in flight: they are cancelled, and their sockets closed.
        @Test(arguments: LoopKind.allCases)
        func winner_cancelsTheOtherAttempts(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let deaf = try [DeafListener(), DeafListener()]
                defer { for listener in deaf { listener.close() } }
                let live = try RawListener()
                loop.setResolver(FakeResolver(["several": deaf.map(\.address) + [live.address]]))
                let (transport, told) = try await loop.createConnection(
                    host: "several", port: 1, happyEyeballsDelay: .milliseconds(5)
                ) { StreamRecorder(loop) }
                #expect(transport.peerAddress == live.address)
                #expect(!loop.pendingOperations.contains { $0.name == "connect" })
                transport.abort()
                try await told.waitUntilLost()
            }
        }

        /// CONN-021: of several local addresses, the first of the right family that can be bound.
        @Test(arguments: LoopKind.allCases)
        func localAddresses_areTriedInOrder(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let (busy, live) = (try RawListener(), try RawListener())
                let candidates = [
                    try .anyIPv6(port: 0), busy.address, try SocketAddress(ipAddress: "127.0.0.3", port: 0),
                    try SocketAddress(ipAddress: "127.0.0.4", port: 0),
                ]
                let (transport, told) = try await loop.createConnection(
                    host: "127.0.0.1", port: live.port, localAddresses: candidates
                ) { StreamRecorder(loop) }
                #expect(transport.localAddress?.host == "127.0.0.3")
                transport.abort()
                try await told.waitUntilLost()
                let error = try await loopError {
                    try await loop.createConnection(
                        host: "127.0.0.1", port: live.port, localAddresses: [candidates[0]]
                    ) { StreamRecorder(loop) }
                }
                #expect(error.code == .invalidArgument)
                #expect(error.description.contains("no address of the remote address's family"))
            }
        }
    }
}

/// A resolver that never answers for one name.
private final class WaitingResolver: Resolver, @unchecked Sendable {
    private let loop: any AbstractEventLoop
    private let name: String?
    private let answers: [SocketAddress]
    private(set) var isWaiting = false

    init(_ loop: any AbstractEventLoop, waits name: String?, answers: [SocketAddress]) {
        self.loop = loop
        self.name = name
        self.answers = answers
    }

    func addresses(
        host: String?, port: Int, family: AddressFamily, type: Int32, proto: Int32, flags: Int32
    ) async throws -> [AddressInfo] {
        if host == name {
            isWaiting = true
            try await loop.sleep(for: .seconds(3600))
        }
        return answers.map { AddressInfo(address: $0, socketType: Socket.stream) }
    }

    func names(of address: SocketAddress, flags: Int32) async throws -> (host: String, service: String) {
        throw CancellationError()
    }
}
