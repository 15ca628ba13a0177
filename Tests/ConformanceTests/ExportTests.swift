// Of the library, imports Proactor alone, as programs do: this compiles only if the types of the API are exported.
import Proactor
import TestSupport
import Testing

extension Conformance {
    /// Types of datagrams and sockets, as programs use them.
    @Suite struct Exports {
        /// An answer leaves from the destination of the question.
        @Test(arguments: LoopKind.allCases)
        func datagramInformation_isReceived_andUsedToAnswer(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let server = try await loop.openDatagramEndpoint(localAddress: (host: "0.0.0.0", port: 0))
                try server.transport.socket.setReceivesPacketInfo(true)
                try server.transport.socket.setReceivesTrafficClass(true)
                let port = try #require(server.transport.localAddress?.port)
                let client = try await loop.openDatagramEndpoint(
                    remoteAddress: try SocketAddress(ipAddress: "127.0.0.3", port: port))
                let mark = CongestionMark.capable0
                try await client.send([1], options: DatagramSendOptions(trafficClass: mark.rawValue))
                let question = try await server.receiveWithInfo()
                #expect(question.bytes == [1] && question.sender == client.transport.localAddress)
                let info: DatagramInfo = question.info
                #expect(info.destination?.host == "127.0.0.3" && info.congestionMark == mark)
                #expect(!info.isTruncated && info.segmentSize == nil)
                let options = DatagramSendOptions(source: info.destination, interface: info.interface)
                try await server.send([2], to: question.sender, options: options)
                // The client is connected, and so receives only from the address to which it has sent.
                let answer = try await client.receive()
                #expect(answer.bytes == [2] && answer.sender?.host == "127.0.0.3")
                for endpoint in [client, server] {
                    endpoint.close()
                    try await endpoint.waitClosed()
                }
            }
        }

        /// A task that waits for bytes sees the end that the peer's shutdown sends, and can still answer.
        @Test(arguments: LoopKind.allCases)
        func shutdown_endsTheStream_whileTheOtherDirectionIsOpen(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let (one, other) = try Socket.pair()
                let receiving = loop.createTask { try await loop.sockRecv(other, 10) }
                try await loop.turns()
                try one.shutdown(.sending)
                #expect(try await receiving.value == [])
                try await loop.sockSendAll(other, [1])
                #expect(try await loop.sockRecv(one, 10) == [1])
                do {
                    try await loop.sockSendAll(one, [2])
                    Issue.record("sent after the end")
                } catch let error as EventLoopError {
                    #expect(error.errno == .brokenPipe)
                }
                one.close()
                other.close()
            }
        }

        @Test(arguments: LoopKind.allCases)
        func unixServer_hasALimitOfConnections(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let server = try await loop.startUnixServer(path: "", maxConnections: 1) { reader, writer in
                    writer.write(try await reader.readLine())
                }
                let address = try #require(server.sockets.first?.localAddress)
                let first = try await loop.openUnixConnection(address: address)
                let second = try await loop.openUnixConnection(address: address)
                second.1.write("b\n")
                try await loop.eventually("one is served") { server.connectionCount == 1 }
                first.1.write("a\n")
                for (reader, writer) in [first, second] {
                    #expect(try await reader.readLine().count == 2)
                    #expect(server.connectionCount <= 1)
                    writer.close()
                    try await writer.waitClosed()
                }
                server.close()
                try await server.waitClosed()
            }
        }
    }
}
