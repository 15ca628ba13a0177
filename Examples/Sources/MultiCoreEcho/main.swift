// An echo server on every core: one loop per processor, each with a listening socket of its own.
//
//     MultiCoreEcho 8888
@preconcurrency import Glibc
import Proactor

/// Made on the thread of the loop that serves the connection, and used there only: it needs no lock.
final class Echo: StreamProtocol {
    private var transport: (any StreamTransport)?

    func connectionMade(_ transport: any StreamTransport) { self.transport = transport }
    func dataReceived(_ data: RawSpan) { transport?.write(data) }
    func connectionLost(_ error: (any Error)?) { transport = nil }

    // Nothing more is read from a client that does not read its echo.
    func pauseWriting() { transport?.pauseReading() }
    func resumeWriting() { transport?.resumeReading() }
}

let port = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 8888

do {
    // SIGINT and SIGTERM cancel the closure; then the loops end, and `run` returns.
    try run(loops: .perCore, pinned: true, deadline: .seconds(5)) { group in
        let server = try await group.createServer(host: "127.0.0.1", port: port, backlog: 4096) { Echo() }
        print("listening on \(server.addresses[0]) with \(group.loops.count) loops")
        fflush(nil)
        try await server.serveForever()
    }
} catch {
    fputs("MultiCoreEcho: \(error)\n", stderr)
    exit(1)
}
