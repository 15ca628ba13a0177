// SwiftNIO's echo server as its users write it for speed: one channel handler, one event loop.

import NIOCore
import NIOPosix
import PeerSupport

/// Echoes what arrives, with one flush for everything that a turn of the loop delivered.
private final class EchoHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        context.write(data, promise: nil)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        context.flush()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}

private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)

// With a short backlog, a burst of 512 connects would wait for retransmitted SYNs.
private let bootstrap = ServerBootstrap(group: group)
    .serverChannelOption(.backlog, value: 4096)
    .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
    .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
            try channel.pipeline.syncOperations.addHandler(EchoHandler())
        }
    }

private let server =
    switch Endpoint.argument() {
    case .port(let port):
        try await bootstrap.childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .bind(host: "127.0.0.1", port: port).get()
    case .path(let path):
        try await bootstrap.bind(unixDomainSocketPath: path, cleanupExistingSocketFile: true).get()
    }

announce("\(server.localAddress!)", name: "SwiftNIO, channel handler")
try await server.closeFuture.get()
