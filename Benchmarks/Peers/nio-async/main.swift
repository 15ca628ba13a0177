// SwiftNIO's echo server in structured concurrency: NIOAsyncChannel as its documentation shows it, one event loop.

import NIOCore
import NIOPosix
import PeerSupport

private typealias Connection = NIOAsyncChannel<ByteBuffer, ByteBuffer>

/// Echoes until the peer closes its side; a reset ends only this connection.
private func echo(_ connection: Connection) async {
    do {
        try await connection.executeThenClose { inbound, outbound in
            for try await bytes in inbound {
                try await outbound.write(bytes)
            }
        }
    } catch {
        // Not logged, because logging would be measured; the load generator reports connections that end early.
    }
}

private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)

// With a short backlog, a burst of 512 connects would wait for retransmitted SYNs.
private let bootstrap = ServerBootstrap(group: group)
    .serverChannelOption(.backlog, value: 4096)
    .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)

private func wrap(_ channel: any Channel) -> EventLoopFuture<Connection> {
    channel.eventLoop.makeCompletedFuture { try Connection(wrappingChannelSynchronously: channel) }
}

private let server =
    switch Endpoint.argument() {
    case .port(let port):
        try await bootstrap.childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .bind(host: "127.0.0.1", port: port, childChannelInitializer: wrap)
    case .path(let path):
        try await bootstrap.bind(
            unixDomainSocketPath: path, cleanupExistingSocketFile: true, childChannelInitializer: wrap)
    }

announce("\(server.channel.localAddress!)", name: "SwiftNIO, NIOAsyncChannel")
try await server.executeThenClose { connections in
    try await withThrowingDiscardingTaskGroup { tasks in
        for try await connection in connections {
            tasks.addTask { await echo(connection) }
        }
    }
}
