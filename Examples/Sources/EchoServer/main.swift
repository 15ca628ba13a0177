// Shows the library's styles side by side; each server sends back what it receives:
//
//     EchoServer --port 8888 --backend auto --style protocols
//     EchoServer --port 8888 --backend io_uring --style streams
//     EchoServer --port 8888 --style chunks
//     EchoServer --port 8888 --style lines
//     EchoServer --port 8888 --style sockets
//     EchoServer --unix /run/echo --style protocols
import Glibc
import Proactor

func serve(_ loop: any AbstractEventLoop, _ options: Options) async throws {
    let server: Server
    switch options.style {
    case .protocols: server = try await makeServer(loop, options)
    case .streams: server = try await startServer(loop, options, echoStreams)
    case .chunks: server = try await startServer(loop, options, echoChunks)
    case .lines: server = try await startServer(loop, options, echoLines)
    case .sockets: return try await serveSockets(loop, options)
    }
    for socket in server.sockets {
        announce("listening on \(socket.localAddress!) (\(loop.backend))")
    }
    try await server.serveForever()
}

private func makeServer(_ loop: any AbstractEventLoop, _ options: Options) async throws -> Server {
    if let path = options.path { return try await loop.createUnixServer(path: path, backlog: 4096) { Echo() } }
    return try await loop.createServer(host: options.host, port: options.port, backlog: 4096) { Echo() }
}

private func startServer(
    _ loop: any AbstractEventLoop, _ options: Options,
    _ handler: @escaping (StreamReader, StreamWriter) async throws -> Void
) async throws -> Server {
    if let path = options.path { return try await loop.startUnixServer(path: path, backlog: 4096, handler) }
    return try await loop.startServer(host: options.host, port: options.port, backlog: 4096, handler)
}

let options = Options(CommandLine.arguments)

do {
    let makeLoop = { try options.backend.map(newEventLoop(backend:)) ?? newEventLoop() }
    // SIGINT is the usual end: it cancels the closure, and `run` returns.
    try run(loopFactory: makeLoop) { loop in try await serve(loop, options) }
} catch {
    complain("\(error)")
    exit(1)
}
