import EventLoops
import Kernel
import Testing

extension Conformance {
    /// Hosts with several addresses.
    ///
    /// No name has them everywhere, so the addresses are handed to what follows the lookup.
    @Suite struct ConnectionAddresses {
        private static func connected(
            _ outcome: Connector.Outcome, sourceLocation: SourceLocation = #_sourceLocation
        ) throws -> Socket {
            guard case .connected(let descriptor) = outcome else {
                throw EventLoopError(.connectFailed, "test", detail: "\(outcome)")
            }
            return Socket(takingOwnershipOf: descriptor)
        }

        private static func summary(_ outcome: Connector.Outcome, all: Bool = false) throws -> EventLoopError {
            guard case .failed(let errors) = outcome else { throw Overdue() }
            let error = ConnectFailure.summary(errors, host: "host", port: 1, all: all)
            return try #require(error as? EventLoopError)
        }

        /// CONN-013.
        @Test(arguments: LoopKind.allCases)
        func addresses_areTriedInOrder_untilOneAnswers(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let (first, second) = (try RawListener(), try RawListener())
                let outcome = try await Connector(core: loop.core).connectInOrder(
                    [try RawListener.closedAddress(), first.address, second.address])
                #expect(try Self.connected(outcome).peerAddress == first.address)
            }
        }

        /// CONN-014 CONN-015.
        @Test(arguments: LoopKind.allCases)
        func failures_areOneError_whenAllAreAlike(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let closed = try RawListener.closedAddress()
                let outcome = try await Connector(core: loop.core).connectInOrder([closed, closed])
                let one = try Self.summary(outcome)
                #expect(one.code == .system)
                #expect(one.errno == .connectionRefused)
                #expect(one.address == closed.description)
                let all = try Self.summary(outcome, all: true)
                #expect(all.code == .connectFailed)
                #expect(all.attempts.count == 2)
            }
        }

        /// CONN-015 CONN-023.
        @Test(arguments: LoopKind.allCases)
        func failures_areNamedOneByOne_whenTheyDiffer(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let (busy, live) = (try RawListener(), try RawListener())
                let closed = try RawListener.closedAddress("::1")
                var connector = Connector(core: loop.core)
                connector.localAddresses = [busy.address, .anyIPv6(port: 0)]
                let error = try Self.summary(try await connector.connectInOrder([live.address, closed]))
                #expect(error.code == .connectFailed)
                #expect(error.attempts.compactMap { ($0 as? EventLoopError)?.operation } == ["bind", "connect"])
                #expect(
                    error.attempts.compactMap { ($0 as? EventLoopError)?.errno } == [.addressInUse, .connectionRefused])
                #expect(error.description.contains(busy.address.description))
                #expect(error.description.contains(closed.description))
            }
        }

        /// CONN-021.
        @Test(arguments: LoopKind.allCases)
        func localAddresses_areTried_onlyIfOfTheRemoteFamily(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let live = try RawListener()
                var connector = Connector(core: loop.core)
                connector.localAddresses = [.anyIPv6(port: 0), try SocketAddress(ipAddress: "127.0.0.3", port: 0)]
                let socket = try Self.connected(try await connector.connectInOrder([live.address]))
                #expect(try socket.localAddress.host == "127.0.0.3")
                connector.localAddresses = [.anyIPv6(port: 0)]
                let error = try Self.summary(try await connector.connectInOrder([live.address]))
                #expect(error.code == .invalidArgument)
                #expect(error.description.contains("localAddress has no address of the family"))
            }
        }

        /// CONN-028.
        @Test(arguments: LoopKind.allCases)
        func happyEyeballs_beginsWithTheNext_whenTheDelayIsOver(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let (deaf, live) = (try DeafListener(), try RawListener())
                defer { deaf.close() }
                let began = loop.time
                let outcome = try await Connector(core: loop.core).connectStaggered(
                    [deaf.address, live.address], delay: .milliseconds(150))
                #expect(try Self.connected(outcome).peerAddress == live.address)
                #expect(began.duration(to: loop.time) >= .milliseconds(150))
            }
        }

        /// CONN-028.
        @Test(arguments: LoopKind.allCases)
        func happyEyeballs_beginsWithTheNextAtOnce_whenOneHasFailed(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let live = try RawListener()
                let began = loop.time
                let outcome = try await Connector(core: loop.core).connectStaggered(
                    [try RawListener.closedAddress(), live.address], delay: .seconds(30))
                #expect(try Self.connected(outcome).peerAddress == live.address)
                #expect(began.duration(to: loop.time) < .seconds(20))
            }
        }

        /// CONN-029 CONN-030; what CPython 3.11 answers for the same addresses.
        @Test func interleaving_alternatesFamilies_afterTheFirstOnes() throws {
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

        /// CONN-031; the harness counts descriptors.
        @Test(arguments: LoopKind.allCases)
        func happyEyeballs_keepsOneConnection_whenSeveralSucceedTogether(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let listeners = try (0..<8).map { _ in try RawListener() }
                for _ in 0..<20 {
                    let outcome = try await Connector(core: loop.core).connectStaggered(
                        listeners.map(\.address), delay: .zero)
                    try Self.connected(outcome).close()
                }
            }
        }

        /// CONN-032.
        @Test(arguments: LoopKind.allCases)
        func happyEyeballs_tellsAllErrorsInOrder_whenAllFail(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let closed = try (0..<4).map { _ in try RawListener.closedAddress() }
                let error = try Self.summary(
                    try await Connector(core: loop.core).connectStaggered(closed, delay: .milliseconds(1)))
                #expect(error.code == .connectFailed)
                #expect(error.attempts.compactMap { ($0 as? EventLoopError)?.address } == closed.map(\.description))
            }
        }

        /// CONN-033.
        @Test(arguments: LoopKind.allCases)
        func happyEyeballs_callsAllAttemptsOff_whenCancelled(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let deaf = try [DeafListener(), DeafListener(), DeafListener()]
                defer { for listener in deaf { listener.close() } }
                let task = loop.createTask {
                    _ = try await Connector(core: loop.core).connectStaggered(
                        deaf.map(\.address), delay: .milliseconds(5))
                }
                try await loop.sleep(for: .milliseconds(60))
                #expect(!task.isDone)
                await expectCancelled(task)
            }
        }
    }
}
