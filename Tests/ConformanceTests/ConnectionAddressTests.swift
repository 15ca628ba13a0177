import EventLoops
import Kernel
import Proactor
import TestSupport
import Testing

extension Conformance {
    /// Hosts with several addresses, supplied by the test's own resolver.
    @Suite struct ConnectionAddresses {
        /// Connects to a host with these addresses, and returns the address of the connection.
        private static func connect(
            _ loop: any AbstractEventLoop, _ addresses: [SocketAddress],
            localAddress: (host: String, port: Int)? = nil, delay: Duration? = nil, interleave: Int? = nil,
            allErrors: Bool = false
        ) async throws -> SocketAddress? {
            loop.setResolver(FakeResolver(["several": addresses]))
            let (transport, told) = try await loop.createConnection(
                host: "several", port: 1, localAddress: localAddress, happyEyeballsDelay: delay, interleave: interleave,
                allErrors: allErrors
            ) { StreamRecorder(loop) }
            defer { transport.abort() }
            _ = told
            return transport.peerAddress
        }

        /// As above, for addresses that all fail.
        private static func failure(
            _ loop: any AbstractEventLoop, _ addresses: [SocketAddress],
            localAddress: (host: String, port: Int)? = nil, delay: Duration? = nil, allErrors: Bool = false
        ) async throws -> EventLoopError {
            try await loopError {
                try await connect(loop, addresses, localAddress: localAddress, delay: delay, allErrors: allErrors)
            }
        }

        /// CONN-013.
        @Test(arguments: LoopKind.allCases)
        func addresses_areTriedInOrder_untilOneConnects(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let (first, second) = (try RawListener(), try RawListener())
                let closed = try RawListener.closedAddress()
                let peer = try await Self.connect(loop, [closed, first.address, second.address])
                #expect(peer == first.address)
            }
        }

        /// CONN-014 CONN-015.
        @Test(arguments: LoopKind.allCases)
        func equalFailures_areOneError(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let closed = try RawListener.closedAddress()
                let one = try await Self.failure(loop, [closed, closed])
                #expect(one.code == .system)
                #expect(one.errno == .connectionRefused)
                #expect(one.address == closed.description)
                let all = try await Self.failure(loop, [closed, closed], allErrors: true)
                #expect(all.code == .connectFailed)
                #expect(all.address == "several:1")
                #expect(all.attempts.count == 2)
            }
        }

        /// CONN-015 CONN-023.
        ///
        /// The harness counts descriptors.
        @Test(arguments: LoopKind.allCases)
        func differentFailures_areNamedOneByOne(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let (busy, live) = (try RawListener(), try RawListener())
                let closed = try RawListener.closedAddress("::1")
                let resolver = FakeResolver([
                    "several": [live.address, closed], "here": [busy.address, try .anyIPv6(port: 0)],
                ])
                loop.setResolver(resolver)
                let error = try await loopError {
                    try await loop.createConnection(host: "several", port: 1, localAddress: (host: "here", port: 2)) {
                        StreamRecorder(loop)
                    }
                }
                #expect(error.code == .connectFailed)
                #expect(error.attempts.compactMap { ($0 as? EventLoopError)?.operation } == ["bind", "connect"])
                #expect(
                    error.attempts.compactMap { ($0 as? EventLoopError)?.errno } == [.addressInUse, .connectionRefused])
                #expect(error.description.contains(busy.address.description))
                #expect(error.description.contains(closed.description))
                #expect(resolver.questions.map(\.host) == ["several", "here"])
                #expect(resolver.questions.map(\.port) == [1, 2])
            }
        }

        /// CONN-021.
        @Test(arguments: LoopKind.allCases)
        func localAddresses_areTried_onlyIfTheirFamilyMatches(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let live = try RawListener()
                loop.setResolver(
                    FakeResolver([
                        "both": [try .anyIPv6(port: 0), try SocketAddress(ipAddress: "127.0.0.3", port: 0)],
                        "other": [try .anyIPv6(port: 0)],
                    ]))
                let (transport, _) = try await loop.createConnection(
                    host: "127.0.0.1", port: live.port, localAddress: (host: "both", port: 0)
                ) { StreamRecorder(loop) }
                #expect(transport.localAddress?.host == "127.0.0.3")
                transport.abort()
                let error = try await loopError {
                    try await loop.createConnection(
                        host: "127.0.0.1", port: live.port, localAddress: (host: "other", port: 0)
                    ) { StreamRecorder(loop) }
                }
                #expect(error.code == .invalidArgument)
                #expect(error.description.contains("localAddress has no address of the remote address's family"))
            }
        }

        // MARK: Happy eyeballs

        /// CONN-028.
        @Test(arguments: LoopKind.allCases)
        func happyEyeballs_startsTheNextAttempt_afterTheDelay(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let (deaf, live) = (try DeafListener(), try RawListener())
                defer { deaf.close() }
                let began = loop.time
                let peer = try await Self.connect(loop, [deaf.address, live.address], delay: .milliseconds(150))
                #expect(peer == live.address)
                #expect(began.duration(to: loop.time) >= .milliseconds(150))
            }
        }

        /// CONN-028.
        @Test(arguments: LoopKind.allCases)
        func happyEyeballs_startsTheNextAttemptAtOnce_afterAFailure(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let live = try RawListener()
                let closed = try RawListener.closedAddress()
                let began = loop.time
                let peer = try await Self.connect(loop, [closed, live.address], delay: .seconds(30))
                #expect(peer == live.address)
                #expect(began.duration(to: loop.time) < .seconds(20))
            }
        }

        /// CONN-029: the attempts are reported in order.
        @Test(arguments: LoopKind.allCases)
        func families_alternate_withADelayOrIfRequested_andElseKeepTheResolversOrder(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let six = try (0..<2).map { _ in try RawListener.closedAddress("::1") }
                let four = try (0..<2).map { _ in try RawListener.closedAddress() }
                func order(delay: Duration?, interleave: Int?) async throws -> [String?] {
                    loop.setResolver(FakeResolver(["several": six + four]))
                    let error = try await loopError {
                        try await loop.createConnection(
                            host: "several", port: 1, happyEyeballsDelay: delay, interleave: interleave, allErrors: true
                        ) { StreamRecorder(loop) }
                    }
                    return error.attempts.map { ($0 as? EventLoopError)?.address }
                }
                let asAnswered = (six + four).map { Optional($0.description) }
                let alternating = [six[0], four[0], six[1], four[1]].map { Optional($0.description) }
                let cases: [(Duration?, Int?, [String?])] = [
                    (nil, nil, asAnswered), (.milliseconds(1), nil, alternating), (nil, 1, alternating),
                    (.milliseconds(1), 0, asAnswered),
                ]
                for (delay, interleave, expected) in cases {
                    let tried = try await order(delay: delay, interleave: interleave)
                    #expect(tried == expected)
                }
            }
        }

        /// CONN-029 CONN-030.
        ///
        /// The results are those of CPython 3.11 for the same addresses.
        @Test func interleaving_alternatesFamilies_afterTheFirstAddresses() throws {
            func address(_ name: Character) throws -> SocketAddress {
                let number = String(name.asciiValue.map { Int($0) } ?? 0)
                return try SocketAddress(ipAddress: name.isUppercase ? "::\(number)" : "127.0.0.\(number)", port: 1)
            }
            let cases: [(String, Int, String)] = [
                ("ABab", 1, "AaBb"), ("ABab", 2, "ABab"), ("ABab", 3, "ABab"), ("ABCa", 1, "AaBC"),
                ("ABCa", 2, "ABaC"), ("aAbB", 1, "aAbB"), ("abcA", 1, "aAbc"), ("abc", 1, "abc"), ("abc", 2, "abc"),
                ("AaBbCc", 2, "ABaCbc"), ("A", 1, "A"), ("", 1, ""), ("ABCDab", 3, "ABCaDb"),
            ]
            for (given, ahead, expected) in cases {
                let ordered = Interleaving.alternate(try given.map(address), ahead: ahead)
                #expect(ordered == (try expected.map(address)), "\(given), \(ahead)")
            }
        }

        /// CONN-031.
        ///
        /// The harness counts descriptors.
        @Test(arguments: LoopKind.allCases)
        func happyEyeballs_keepsOneConnection_whenSeveralSucceedTogether(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let listeners = try (0..<8).map { _ in try RawListener() }
                defer { withExtendedLifetime(listeners) {} }
                let addresses = listeners.map(\.address)
                for _ in 0..<20 {
                    let peer = try await Self.connect(loop, addresses, delay: .zero)
                    #expect(peer.map { addresses.contains($0) } == true)
                }
            }
        }

        /// CONN-032.
        @Test(arguments: LoopKind.allCases)
        func happyEyeballs_reportsAllErrorsInOrder_whenAllFail(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let closed = try (0..<4).map { _ in try RawListener.closedAddress() }
                let error = try await Self.failure(loop, closed, delay: .milliseconds(1))
                #expect(error.code == .connectFailed)
                #expect(error.attempts.compactMap { ($0 as? EventLoopError)?.address } == closed.map(\.description))
            }
        }

        /// CONN-033.
        @Test(arguments: LoopKind.allCases)
        func happyEyeballs_cancelsAllAttempts_whenCancelled(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let deaf = try [DeafListener(), DeafListener(), DeafListener()]
                defer { for listener in deaf { listener.close() } }
                let addresses = deaf.map(\.address)
                let task = loop.createTask { try await Self.connect(loop, addresses, delay: .milliseconds(5)) }
                try await loop.sleep(for: .milliseconds(60))
                #expect(!task.isDone)
                await expectCancelled(task)
            }
        }
    }
}
