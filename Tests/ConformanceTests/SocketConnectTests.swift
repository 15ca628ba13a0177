import EventLoops
import Glibc
import Kernel
import Proactor
import TestSupport
import Testing

extension Conformance {
    @Suite struct SocketConnecting {
        /// SOCK-006, SOCK-008.
        @Test(arguments: SocketLoop.allCases)
        func sockConnect_andSockAccept_makeAConnection(_ kind: SocketLoop) async throws {
            try await runLoop(kind) { loop in
                let listener = try Socket.listening()
                let accepting = loop.createTask { try await loop.sockAccept(listener) }
                try await loop.turns()
                #expect(!accepting.isDone)
                let client = try Socket(family: .ipv4)
                try await loop.sockConnect(client, listener.localAddress)
                let (accepted, peer) = try await accepting.value
                #expect(try peer == client.localAddress)
                let fd = accepted.fileDescriptor
                #expect(fcntl(fd, F_GETFL) & O_NONBLOCK != 0)
                #expect(fcntl(fd, F_GETFD) & FD_CLOEXEC != 0)
                try await loop.sockSendAll(client, [1, 2])
                #expect(try await loop.sockRecv(accepted, 10) == [1, 2])
            }
        }

        /// SOCK-006.
        @Test(arguments: SocketLoop.allCases)
        func sockConnect_whereNothingListens_isRefused(_ kind: SocketLoop) async throws {
            try await runLoop(kind) { loop in
                let address = try RawListener.closedAddress()
                let client = try Socket(family: .ipv4)
                let error = await #expect(throws: EventLoopError.self) {
                    try await loop.sockConnect(client, address)
                }
                #expect(error?.errno == .connectionRefused)
                #expect(error?.operation == "sockConnect" && error?.address == address.description)
                await expectLoopErrorLater(.system) { try await loop.sockAccept(client) }
            }
        }

        /// SOCK-028.
        @Test(arguments: SocketLoop.allCases)
        func unixSockets_connect(_ kind: SocketLoop) async throws {
            try await runLoop(kind) { loop in
                let listener = try Socket(family: .unix)
                try listener.bind(to: SocketAddress(unixPath: ""))
                try listener.listen()
                let client = try Socket(family: .unix)
                try await loop.sockConnect(client, listener.localAddress)
                let (accepted, peer) = try await loop.sockAccept(listener)
                #expect(peer.family == .unix && peer.unixPath == "")
                try await loop.sockSendAll(accepted, [9])
                #expect(try await loop.sockRecv(client, 10) == [9])
            }
        }

        /// SOCK-007.
        @Test(arguments: SocketLoop.allCases)
        func hostName_isResolvedForTheSocket_andAnAddressIsNot(_ kind: SocketLoop) async throws {
            try await runLoop(kind) { loop in
                let listener = try Socket.listening()
                let address = try listener.localAddress
                let resolver = FakeResolver(["example": [address]])
                loop.setResolver(resolver)
                let named = try Socket(family: .ipv4)
                try await loop.sockConnect(named, host: "example", port: 80)
                #expect(
                    resolver.questions == [
                        .init(host: "example", port: 80, family: .ipv4, type: Socket.stream, proto: Self.tcp)
                    ])
                let numeric = try Socket(family: .ipv4)
                try await loop.sockConnect(numeric, host: "127.0.0.1", port: address.port ?? 0)
                #expect(resolver.questions.count == 1)
                for client in [named, numeric] { #expect(try client.peerAddress == address) }
                let other = try Socket(family: .ipv4)
                await expectLoopErrorLater(.invalidArgument) {
                    try await loop.sockConnect(other, host: "::1", port: 1)
                }
                await expectLoopErrorLater(.invalidArgument) {
                    try await loop.sockConnect(other, host: "127.0.0.1", port: 65_536)
                }
                await expectLoopErrorLater(.lookupFailed) { try await loop.sockConnect(other, host: "no", port: 1) }
            }
        }

        private static let tcp = Int32(IPPROTO_TCP)

        /// SOCK-029.
        @Test(arguments: SocketLoop.allCases)
        func scopeOfAnIPv6Address_reachesTheKernel(_ kind: SocketLoop) async throws {
            try await runLoop(kind) { loop in
                let listener = try RawListener("::1")
                let client = try Socket(family: .ipv6)
                let scope = if_nametoindex("lo")
                try await loop.sockConnect(client, SocketAddress(ipAddress: "::1%\(scope)", port: listener.port))
                #expect(try client.peerAddress.port == listener.port)
                // A link-local address without its interface is refused, and the error names the remedy.
                let lost = try Socket(family: .ipv6)
                let error = await #expect(throws: EventLoopError.self) {
                    try await loop.sockConnect(lost, SocketAddress(ipAddress: "fe80::1", port: 1))
                }
                #expect(error?.errno == .invalidArgument && error?.detail.contains("fe80::1%") == true)
                listener.close()
            }
        }

        /// SOCK-019.
        @Test(arguments: SocketLoop.allCases)
        func cancelledConnect_canBeRepeated(_ kind: SocketLoop) async throws {
            try await runLoop(kind) { loop in
                let deaf = try DeafListener()
                defer { deaf.close() }
                let client = try Socket(family: .ipv4)
                let address = deaf.address
                for _ in 0..<2 {
                    let connecting = loop.createTask { try await loop.sockConnect(client, address) }
                    try await loop.turns()
                    #expect(!connecting.isDone)
                    await expectCancelled(connecting)
                }
                // The first attempt continues in the kernel: a later call waits for it.
                let listener = try Socket.listening()
                for turns in 0..<8 {
                    let late = try Socket(family: .ipv4)
                    let connecting = loop.createTask { try await loop.sockConnect(late, listener.localAddress) }
                    try await loop.turns(turns % 4)
                    connecting.cancel()
                    do { try await connecting.value } catch { #expect(error is CancellationError) }
                    do { try await loop.sockConnect(late, listener.localAddress) } catch {
                        #expect((error as? EventLoopError)?.errno == Errno(rawValue: EISCONN), "\(error)")
                    }
                    #expect(try late.peerAddress == listener.localAddress)
                }
            }
        }

        /// SOCK-019.
        ///
        /// The attempt of a cancelled call succeeds while a call for another address waits.
        @Test(arguments: SocketLoop.allCases)
        func connectToAnotherAddress_isNotMistakenForSuccess(_ kind: SocketLoop) async throws {
            try await runLoop(kind) { loop in
                let deaf = try DeafListener()
                defer { deaf.close() }
                let (client, address) = (try Socket(family: .ipv4), deaf.address)
                let connecting = loop.createTask { try await loop.sockConnect(client, address) }
                try await loop.turns()
                await expectCancelled(connecting)
                let other = try RawListener.closedAddress()
                let next = loop.createTask { try await loop.sockConnect(client, other) }
                try await loop.turns()
                #expect(!next.isDone)
                client.close()
                await expectSocketEnded(next, "sockConnect")
            }
        }

        /// SOCK-020.
        @Test(arguments: SocketLoop.allCases)
        func cancelledAccept_leaksNothing_whenTheListenerIsClosed(_ kind: SocketLoop) async throws {
            try await runLoop(kind) { loop in
                for isLate in [false, true] {
                    let listener = try Socket.listening()
                    let address = try listener.localAddress
                    let accepting = loop.createTask { try await loop.sockAccept(listener) }
                    try await loop.turns()
                    let client = try Socket(family: .ipv4)
                    if isLate {
                        try? client.connect(to: address)
                        try await loop.turns(1)
                    }
                    await expectCancelled(accepting)
                    listener.close()
                    if isLate {
                        // A connection that was accepted for a cancelled call is closed with its listener.
                        let end = loop.createTask { try await loop.sockRecv(client, 1) }
                        do { #expect(try await end.value == []) } catch {
                            #expect((error as? EventLoopError)?.errno == .connectionReset, "\(error)")
                        }
                    }
                    let next = try Socket(family: .ipv4)
                    let error = await #expect(throws: EventLoopError.self) {
                        try await loop.sockConnect(next, address)
                    }
                    #expect(error?.errno == .connectionRefused)
                }
            }
        }

        /// SOCK-020.
        ///
        /// A connection that was accepted although the task was cancelled is given to the next task.
        @Test(arguments: SocketLoop.allCases)
        func cancelledAccept_losesNoConnection(_ kind: SocketLoop) async throws {
            try await runLoop(kind) { loop in
                let listener = try Socket.listening()
                var dice = SeededRandom(11)
                var accepted: [SocketAddress] = []
                var clients: [Socket] = []
                for _ in 0..<60 {
                    let accepting = loop.createTask { try await loop.sockAccept(listener) }
                    try await loop.turns(Int.random(in: 0..<3, using: &dice))
                    let client = try Socket(family: .ipv4)
                    try? client.connect(to: listener.localAddress)
                    clients.append(client)
                    try await loop.turns(Int.random(in: 0..<3, using: &dice))
                    accepting.cancel()
                    do { accepted.append(try await accepting.value.1) } catch { #expect(error is CancellationError) }
                }
                while accepted.count < clients.count { accepted.append(try await loop.sockAccept(listener).1) }
                #expect(accepted == clients.compactMap { try? $0.localAddress })
            }
        }
    }
}
