import Glibc
import Proactor

/// Sockets: each connection has a task that receives from its socket and sends to it.
func serveSockets(_ loop: any AbstractEventLoop, _ options: Options) async throws -> Never {
    let address = try SocketAddress(ipAddress: options.host, port: options.port)
    let listener = try Socket(family: address.family)
    try listener.setOption(SO_REUSEADDR, level: SOL_SOCKET, to: 1)
    // Accepted sockets inherit it.
    try listener.setOption(TCP_NODELAY, level: Int32(IPPROTO_TCP), to: 1)
    try listener.bind(to: address)
    try listener.listen(backlog: 4096)
    announce("listening on \(try listener.localAddress) (\(loop.backend))")
    while true {
        let (client, _) = try await loop.sockAccept(listener)
        loop.createTask {
            // A connection that breaks ends only its own task.
            try? await echo(client, loop)
            client.close()
        }
    }
}

private func echo(_ client: Socket, _ loop: any AbstractEventLoop) async throws {
    while true {
        let bytes = try await loop.sockRecv(client, 64 * 1024)
        if bytes.isEmpty { return }
        try await loop.sockSendAll(client, bytes)
    }
}
