// Shows the library's styles side by side; each server sends back what it receives:
//
//     EchoServer --port 8888 --backend auto --style protocols
//     EchoServer --port 8888 --backend io_uring --style streams
//     EchoServer --port 8888 --style chunks
//     EchoServer --port 8888 --style lines
//     EchoServer --port 8888 --style sockets
import Glibc
import Proactor

/// Protocols: the loop passes received bytes to the object of the connection, lent for the duration of the call.
final class Echo: StreamProtocol {
    private var transport: (any StreamTransport)?

    func connectionMade(_ transport: any StreamTransport) {
        self.transport = transport
    }

    func dataReceived(_ data: RawSpan) {
        transport?.write(data)
    }

    func connectionLost(_ error: (any Error)?) {
        transport = nil
    }

    // Nothing more is read from a client that does not read its echo.
    func pauseWriting() {
        transport?.pauseReading()
    }

    func resumeWriting() {
        transport?.resumeReading()
    }
}

/// Streams: each connection has a task that reads and writes.
func echo(_ reader: StreamReader, _ writer: StreamWriter) async throws {
    while try await reader.withNextBytes({ writer.write($0) }) != nil {
        try await writer.drain()
    }
}

/// Chunks: as short as streams and as fast as protocols, because the task waits once for the whole connection.
func echoChunks(_ reader: StreamReader, _ writer: StreamWriter) async throws {
    try await reader.forEachChunk { writer.write($0) }
}

/// Lines: like chunks, for protocols of lines.
func echoLines(_ reader: StreamReader, _ writer: StreamWriter) async throws {
    try await reader.forEachLine { line in
        writer.write(line)
        writer.write("\n".utf8Span.span.bytes)
    }
}

func serve(_ loop: any AbstractEventLoop, _ options: Options) async throws {
    func startServer(_ handler: @escaping (StreamReader, StreamWriter) async throws -> Void) async throws -> Server {
        try await loop.startServer(host: options.host, port: options.port, backlog: 4096, handler)
    }
    let server =
        switch options.style {
        case .protocols:
            try await loop.createServer(host: options.host, port: options.port, backlog: 4096) { Echo() }
        case .streams: try await startServer(echo)
        case .chunks: try await startServer(echoChunks)
        case .lines: try await startServer(echoLines)
        case .sockets: try await serveSockets(loop, options)
        }
    for socket in server.sockets {
        announce("listening on \(socket.localAddress!) (\(loop.backend))")
    }
    try await server.serveForever()
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
