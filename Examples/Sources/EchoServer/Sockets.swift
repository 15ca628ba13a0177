import Glibc
import Proactor

/// Sockets: each connection has a task that receives from its socket and sends to it.
func serveSockets(_ loop: any AbstractEventLoop, _ options: Options) async throws {
    let listener = try makeListener(options)
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

private func makeListener(_ options: Options) throws -> Socket {
    let listener: Socket
    if let path = options.path {
        listener = try Socket.unix()
        try listener.bind(to: SocketAddress(unixPath: path))
    } else {
        let address = try SocketAddress(ipAddress: options.host, port: options.port)
        listener = try Socket.tcp(address.family)
        try listener.setReuseAddress(true)
        // Accepted sockets inherit it.
        try listener.setNoDelay(true)
        try listener.bind(to: address)
    }
    try listener.listen(backlog: 4096)
    return listener
}

private func echo(_ client: Socket, _ loop: any AbstractEventLoop) async throws {
    while true {
        let bytes = try await loop.sockRecv(client, 64 * 1024)
        if bytes.isEmpty { return }
        try await loop.sockSendAll(client, bytes)
    }
}
