import EventLoops
import Glibc
import Kernel
import Proactor
import TestSupport
import Testing

extension Conformance {
    /// Resolvers that the user supplies.
    @Suite struct Resolvers {
        /// CONN-013 SERVER-009: every call that takes a host uses the loop's resolver.
        @Test(arguments: LoopKind.allCases)
        func resolver_isUsed_byEveryCallWithAHost(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let listener = try RawListener()
                let any = try SocketAddress(ipAddress: "127.0.0.1", port: 0)
                let resolver = FakeResolver(["there": [listener.address], "here": [any], "127.0.0.1": []])
                loop.setResolver(resolver)
                #expect(loop.resolver as? FakeResolver === resolver)
                let (transport, _) = try await loop.createConnection(
                    host: "there", port: 1, family: .ipv4, proto: Int32(IPPROTO_TCP), flags: AI_ADDRCONFIG,
                    localAddress: (host: "here", port: 2)
                ) { StreamRecorder(loop) }
                #expect(transport.peerAddress == listener.address)
                transport.abort()
                let (_, writer) = try await loop.openConnection(host: "there", port: 3)
                writer.transport.abort()
                let server = try await loop.createServer(host: "here", port: 4) { StreamRecorder(loop) }
                #expect(server.sockets.first?.localAddress?.host == "127.0.0.1")
                server.close()
                let found = try await loop.getAddrInfo(host: "there", port: 5, type: Socket.stream)
                #expect(found.map(\.address) == [listener.address])
                #expect(
                    resolver.questions == [
                        .init(
                            host: "there", port: 1, family: .ipv4, proto: Int32(IPPROTO_TCP), flags: AI_ADDRCONFIG),
                        .init(
                            host: "here", port: 2, family: .ipv4, proto: Int32(IPPROTO_TCP), flags: AI_ADDRCONFIG),
                        .init(host: "there", port: 3),
                        .init(host: "here", port: 4, flags: AI_PASSIVE),
                        .init(host: "there", port: 5),
                    ])
                let names = try await loop.getNameInfo(any)
                #expect(names.host == "name-of-127.0.0.1" && names.service == "service")
                loop.setResolver(nil)
                #expect(loop.resolver is SystemResolver)
            }
        }

        /// CONN-012.
        @Test(arguments: LoopKind.allCases)
        func resolver_isNotUsed_forNumericHosts(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let listener = try RawListener()
                let resolver = FakeResolver([String: [SocketAddress]]())
                loop.setResolver(resolver)
                let (transport, _) = try await loop.createConnection(
                    host: "127.0.0.1", port: listener.port, localAddress: (host: "127.0.0.1", port: 0)
                ) { StreamRecorder(loop) }
                transport.abort()
                for host in [nil, "", "127.0.0.1", "::1"] {
                    let server = try await loop.createServer(host: host, port: 0) { StreamRecorder(loop) }
                    server.close()
                }
                #expect(resolver.questions.isEmpty)
            }
        }

        /// CONN-016 SERVER-009.
        @Test(arguments: LoopKind.allCases)
        func emptyAnswer_isAnError(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                loop.setResolver(FakeResolver(["empty": []]))
                let errors = try await Self.errors(loop, host: "empty")
                #expect(errors.map(\.operation) == ["getAddrInfo", "createConnection", "createServer"])
                for error in errors {
                    #expect(error.code == .lookupFailed)
                    #expect(error.address == "empty:7")
                    #expect(error.description.contains("The resolver returned no address"))
                }
            }
        }

        private static func errors(
            _ loop: any AbstractEventLoop, host: String, family: AddressFamily = .unspecified
        ) async throws -> [EventLoopError] {
            [
                try await loopError {
                    try await loop.getAddrInfo(host: host, port: 7, family: family, type: Socket.stream)
                },
                try await loopError {
                    try await loop.createConnection(host: host, port: 7, family: family) { StreamRecorder(loop) }
                },
                try await loopError {
                    try await loop.createServer(host: host, port: 7, family: family) { StreamRecorder(loop) }
                },
            ]
        }

        /// CONN-024: addresses of other families and kinds are ignored.
        @Test(arguments: LoopKind.allCases)
        func answersOfOtherFamiliesAndKinds_areIgnored(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let listener = try RawListener()
                let six = try SocketAddress(ipAddress: "::1", port: listener.port)
                let unix = try SocketAddress(unixPath: "/nowhere")
                let datagrams = AddressInfo(address: listener.address, socketType: Int32(SOCK_DGRAM.rawValue))
                let any = AddressInfo(address: listener.address, socketType: 0)
                let streams = [unix, six].map { AddressInfo(address: $0, socketType: Socket.stream) }
                loop.setResolver(
                    FakeResolver(["mixed": .success([datagrams] + streams + [any]), "others": .success(streams)]))
                let (transport, _) = try await loop.createConnection(host: "mixed", port: 7, family: .ipv4) {
                    StreamRecorder(loop)
                }
                #expect(transport.peerAddress == listener.address)
                transport.abort()
                let found = try await loop.getAddrInfo(host: "mixed", port: 7)
                #expect(found == [datagrams, streams[1], any])
                for error in try await Self.errors(loop, host: "others", family: .ipv4) {
                    #expect(error.code == .lookupFailed)
                    #expect(error.description.contains("only addresses of other families or kinds"))
                }
            }
        }

        @Test(arguments: LoopKind.allCases)
        func errorOfTheResolver_isWrapped_inEventLoopError(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                loop.setResolver(
                    FakeResolver([
                        "mishap": .failure(Mishap(number: 3)),
                        "busy": .failure(
                            LookupError(
                                code: EAI_AGAIN, host: "busy", service: nil)),
                        "nested": .failure(EventLoopError(.timedOut, "query")),
                    ]))
                for error in try await Self.errors(loop, host: "mishap") {
                    #expect(error.code == .lookupFailed)
                    #expect(error.address == "mishap:7")
                    #expect(error.attempts.first as? Mishap == Mishap(number: 3))
                }
                for error in try await Self.errors(loop, host: "busy") {
                    #expect((error.attempts.first as? LookupError)?.code == EAI_AGAIN)
                }
                for error in try await Self.errors(loop, host: "nested") {
                    #expect(error.code == .lookupFailed)
                    #expect((error.attempts.first as? EventLoopError)?.code == .timedOut)
                }
                let error = try await loopError { try await loop.getNameInfo(try .anyIPv4(port: 1)) }
                #expect(error.code == .lookupFailed)
                #expect(error.operation == "getNameInfo")
            }
        }

        @Test(arguments: LoopKind.allCases)
        func cancellation_reachesTheResolver(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                loop.setResolver(SleepingResolver(loop: loop))
                let tasks = [
                    loop.createTask { _ = try await loop.getAddrInfo(host: "slow", port: 1) },
                    loop.createTask { _ = try await loop.openConnection(host: "slow", port: 1) },
                    loop.createTask { _ = try await loop.startServer(host: "slow", port: 1) { _, _ in } },
                    loop.createTask { _ = try await loop.getNameInfo(try .anyIPv4(port: 1)) },
                ]
                try await loop.turns()
                for task in tasks { await expectCancelled(task) }
            }
        }

        /// An actor may be a resolver, and call the system's resolver from its own thread.
        @Test(arguments: LoopKind.allCases)
        func resolver_mayBeAnActor_thatCallsTheSystemResolver(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let resolver = RememberingResolver(loop.resolver)
                loop.setResolver(resolver)
                for _ in 0..<3 {
                    let found = try await loop.getAddrInfo(host: "127.0.0.1", port: 9, type: Socket.stream)
                    #expect(found.map(\.address.description) == ["127.0.0.1:9"])
                    let running = try getRunningLoop()
                    #expect(running === loop)
                }
                let misses = await resolver.misses
                #expect(misses == 1)
            }
        }

        @Test(arguments: LoopKind.allCases)
        func systemResolver_mayHaveItsOwnExecutor(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let pool = ThreadPoolExecutor(maxWorkers: 1, threadNamePrefix: "names")
                loop.setResolver(SystemResolver(executor: pool))
                // The loop's executor is not used.
                try await loop.shutdownDefaultExecutor()
                let found = try await loop.getAddrInfo(host: "127.0.0.1", port: 9)
                #expect(!found.isEmpty)
                #expect(pool.threads.alive == 1)
                pool.shutdown(wait: false)
                let error = try await loopError { try await loop.getAddrInfo(host: "127.0.0.1", port: 9) }
                #expect(error.code == .executorShutDown)
            }
        }
    }
}

/// A resolver that never answers.
private struct SleepingResolver: Resolver {
    let loop: any AbstractEventLoop

    func addresses(
        host: String?, port: Int, family: AddressFamily, type: Int32, proto: Int32, flags: Int32
    ) async throws -> [AddressInfo] {
        try await loop.sleep(for: .seconds(3600))
        return []
    }

    func names(of address: SocketAddress, flags: Int32) async throws -> (host: String, service: String) {
        try await loop.sleep(for: .seconds(3600))
        return ("", "")
    }
}

/// A resolver that queries another one once for each host.
private actor RememberingResolver: Resolver {
    private let inner: any Resolver
    private var known: [String?: [AddressInfo]] = [:]
    private(set) var misses = 0

    init(_ inner: any Resolver) {
        self.inner = inner
    }

    func addresses(
        host: String?, port: Int, family: AddressFamily, type: Int32, proto: Int32, flags: Int32
    ) async throws -> [AddressInfo] {
        if let answer = known[host] { return answer }
        misses += 1
        let answer = try await inner.addresses(
            host: host, port: port, family: family, type: type, proto: proto, flags: flags)
        known[host] = answer
        return answer
    }

    func names(of address: SocketAddress, flags: Int32) async throws -> (host: String, service: String) {
        try await inner.names(of: address, flags: flags)
    }
}
