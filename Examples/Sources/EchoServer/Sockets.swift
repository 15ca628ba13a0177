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
    // One buffer for the whole connection: `sockRecv` would make an array for each message.
    var buffer = [UInt8](repeating: 0, count: 64 * 1024)
    while true {
        let count = try await receive(from: client, into: &buffer, loop)
        if count == 0 { return }
        try await loop.sockSendAll(client, buffer.span.bytes.extracting(0..<count))
    }
}

private func receive(
    from client: Socket, into buffer: inout [UInt8], _ loop: any AbstractEventLoop
) async throws -> Int {
    var span = buffer.mutableSpan
    var bytes = span.mutableBytes
    return try await loop.sockRecvInto(client, &bytes)
}
