// SwiftNIO's UDP echo server: one channel handler, one event loop, vector reads of many datagrams.

import NIOCore
import NIOPosix
import PeerSupport

/// Echoes what arrives, with one flush for everything that a turn of the loop delivered.
private final class EchoHandler: ChannelInboundHandler {
    typealias InboundIn = AddressedEnvelope<ByteBuffer>
    typealias OutboundOut = AddressedEnvelope<ByteBuffer>

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        context.write(data, promise: nil)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        context.flush()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // An error of one datagram does not end the socket.
    }
}

private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)

private let bootstrap = DatagramBootstrap(group: group)
    // 32 datagrams of up to 64 KiB per system call.
    .channelOption(.datagramVectorReadMessageCount, value: 32)
    .channelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 32 * 65536))
    .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
            try channel.pipeline.syncOperations.addHandler(EchoHandler())
        }
    }

guard case .port(let port) = Endpoint.argument() else { fatalError("UDP needs a port") }
private let server = try await bootstrap.bind(host: "127.0.0.1", port: port).get()
announce("\(server.localAddress!)", name: "SwiftNIO, datagram channel handler")
try await server.closeFuture.get()
