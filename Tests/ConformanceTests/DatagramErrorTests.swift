import EventLoops
import Glibc
import Kernel
import Proactor
import ProactorTesting
import TestSupport
import Testing

extension Conformance {
    /// Errors concern single datagrams: the endpoint stays usable.
    @Suite struct DatagramErrors {
        /// DGRAM-008: a later call reports the refusal instead of sending its own datagram, which is not lost.
        @Test(arguments: LoopKind.allCases)
        func refusal_isReported_andLaterDatagramsAreSent(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let dead = try RawListener.closedAddress()
                let endpoint = try await loop.endpoint(connectedTo: dead)
                endpoint.transport.sendTo([1])
                try await endpoint.told.wait { !endpoint.told.errors.isEmpty }
                let error = endpoint.told.errors[0]
                #expect(error.code == .system && error.errno == .connectionRefused)
                #expect(error.address == dead.description && error.description.contains("Nothing listens there"))
                #expect(!endpoint.transport.isClosing && endpoint.told.losses.isEmpty)
                // Sent in one turn: the refusal of one is pending when the next is sent.
                for byte in 2..<5 as Range<UInt8> { endpoint.transport.sendTo([byte]) }
                try await endpoint.told.wait { endpoint.told.errors.count >= 2 }
                let refusals = try await loop.settled { endpoint.told.errors.count }
                let peer = try RawDatagrams(at: dead)
                endpoint.transport.sendTo([5])
                #expect(try await peer.next(on: loop) == [5])
                try peer.send([6], to: endpoint.address)
                try await endpoint.told.wait { endpoint.told.datagrams.map(\.bytes) == [[6]] }
                #expect(endpoint.told.errors.count == refusals)
                #expect(endpoint.told.errors.allSatisfy { $0.errno == .connectionRefused })
                try await endpoint.end()
            }
        }

        /// DGRAM-009.
        @Test(arguments: LoopKind.allCases)
        func refusal_doesNotReachAnUnconnectedEndpoint(_ kind: LoopKind) async throws {
            try await withEndpoints(kind) { one, other in
                one.transport.sendTo([1], try RawListener.closedAddress())
                one.transport.sendTo([2], try other.address)
                try await other.told.wait { other.told.datagrams.map(\.bytes) == [[2]] }
                #expect(one.told.events == [.made])
            }
        }

        /// The peer starts to listen between two datagrams of one turn: the second one arrives, although the kernel
        /// reports the refusal of the first in its place.
        @Test(arguments: LoopKind.allCases)
        func datagram_afterARefusal_isNotLost(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let dead = try RawListener.closedAddress()
                let socket = try Socket(family: .ipv4, type: Socket.datagram)
                try socket.connect(to: dead)
                let bytes: [UInt8] = [1]
                #expect(send(socket.fileDescriptor, bytes, 1, Int32(MSG_DONTWAIT)) == 1)
                let peer = try RawDatagrams(at: dead)
                let endpoint = try await loop.endpoint(socket)
                endpoint.transport.sendTo([2])
                #expect(try await peer.next(on: loop) == [2])
                #expect(endpoint.told.errors.map(\.errno) == [.connectionRefused])
                try await endpoint.end()
            }
        }

        /// DGRAM-036 DGRAM-008: port 0 and a datagram that is too long.
        @Test(arguments: LoopKind.allCases)
        func datagrams_thatTheKernelRefuses_areReported_andTheNextAreSent(_ kind: LoopKind) async throws {
            try await withEndpoints(kind) { one, other in
                one.transport.sendTo([1], try other.address)
                one.transport.sendTo([2], try SocketAddress(ipAddress: "127.0.0.1", port: 0))
                one.transport.sendTo(Pattern.bytes(65_508), try other.address)
                one.transport.sendTo([3], try SocketAddress(ipAddress: "::1", port: 9))
                one.transport.sendTo([4], try other.address)
                try await other.told.wait { other.told.datagrams.count == 2 }
                #expect(other.told.datagrams.map(\.bytes) == [[1], [4]])
                let expected = [Errno.invalidArgument, .messageTooLong, .addressFamilyNotSupported]
                #expect(one.told.errors.map(\.errno) == expected)
                #expect(one.told.errors.map(\.address) == ["127.0.0.1:0", try other.address.description, "[::1]:9"])
                #expect(one.transport.writeBufferSize == 0 && !one.transport.isClosing)
            }
        }

        @Test(arguments: LoopKind.allCases)
        func errorReceived_maySendAndClose(_ kind: LoopKind) async throws {
            try await withEndpoints(kind) { one, other in
                let (transport, address) = (one.transport, try other.address)
                one.told.when = { event in
                    guard event == .error else { return }
                    transport.sendTo([9], address)
                    transport.close()
                }
                one.transport.sendTo([1], try SocketAddress(ipAddress: "127.0.0.1", port: 0))
                one.transport.sendTo([2], try other.address)
                try await one.told.wait { one.told.count(.lost) == 1 }
                try await other.told.wait { other.told.datagrams.count == 2 }
                #expect(other.told.datagrams.map(\.bytes) == [[2], [9]])
                #expect(one.told.events == [.made, .error, .lost] && one.told.losses[0] == nil)
            }
        }

        #if DEBUG
            /// DGRAM-010 DGRAM-011: only an error that no datagram causes ends the endpoint.
            @Test(arguments: LoopKind.byReadiness, [true, false])
            func lossOfTheSocket_isFatal(_ kind: LoopKind, sending: Bool) async throws {
                try await runLoop(kind) { loop, exceptions in
                    let (peer, endpoint) = (try RawDatagrams(), try await loop.endpoint())
                    let faults = LoopFaults(loop)
                    defer { faults.remove() }
                    faults.inject(.refuse(.badFileDescriptor), into: sending ? .sendDatagrams : .receiveDatagrams, 1)
                    if sending {
                        endpoint.transport.sendTo([1], peer.address)
                    } else {
                        try peer.send([1], to: endpoint.address)
                    }
                    try await endpoint.told.wait { endpoint.told.count(.lost) == 1 }
                    #expect((endpoint.told.losses[0] as? EventLoopError)?.errno == .badFileDescriptor)
                    let contexts = exceptions.take()
                    #expect(
                        contexts.map(\.message) == [
                            "Fatal \(sending ? "write" : "read") error on datagram transport"
                        ])
                    #expect(contexts.first?.transport === endpoint.transport)
                    #expect(contexts.first?.protocol === endpoint.told)
                }
            }

            /// DGRAM-008 DGRAM-012: errors and short counts that cannot be provoked.
            @Test(arguments: LoopKind.byReadiness)
            func receivesAndSends_goOnAfterErrors(_ kind: LoopKind) async throws {
                try await withEndpoints(kind) { one, other in
                    let faults = LoopFaults(one.loop)
                    defer { faults.remove() }
                    faults.inject(.refuse(.noBufferSpace), into: .receiveDatagrams, 1)
                    faults.inject(.refuse(.noMemory), into: .sendDatagrams, 2)
                    faults.inject(.refuse(.resourceTemporarilyUnavailable), into: .sendDatagrams, 4)
                    faults.inject(.limit(1), into: .sendDatagrams)
                    for byte in 0..<10 as Range<UInt8> { one.transport.sendTo([byte], try other.address) }
                    try await other.told.wait { other.told.datagrams.count == 9 }
                    #expect(other.told.datagrams.map(\.bytes) == [[0], [2], [3], [4], [5], [6], [7], [8], [9]])
                    #expect(one.told.errors.map(\.errno) == [.noMemory])
                    #expect(other.told.errors.map(\.errno) == [.noBufferSpace])
                }
            }
        #endif
    }
}
