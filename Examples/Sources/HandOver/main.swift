// Shows a descriptor that one process hands to another: a server that is replaced without refusing a connection.
//
//     HandOver 8888 /tmp/control      the first process opens the port
//     HandOver 8888 /tmp/control      each later one takes the listening socket from its predecessor, which then ends
@preconcurrency import Glibc
import Proactor

final class Echo: StreamProtocol {
    private var transport: (any StreamTransport)?

    func connectionMade(_ transport: any StreamTransport) {
        self.transport = transport
        transport.write("served by \(getpid())\n")
    }

    func dataReceived(_ data: RawSpan) {
        transport?.write(data)
    }

    func connectionLost(_ error: (any Error)?) {
        transport = nil
    }
}

func say(_ text: String) {
    print(text)
    fflush(nil)
}

/// Connects to the process that serves now; nil if there is none.
func predecessor(_ loop: any AbstractEventLoop, _ control: String) async throws -> (StreamReader, StreamWriter)? {
    do {
        return try await loop.openUnixConnection(path: control, passesDescriptors: true)
    } catch let error as EventLoopError
        where error.errno == .noSuchFileOrDirectory || error.errno == .connectionRefused
    {
        return nil
    }
}

/// Listens with the socket of the process that serves now, or with a new one if there is none.
func listen(_ loop: any AbstractEventLoop, _ port: Int, _ control: String) async throws -> Server {
    guard let (reader, writer) = try await predecessor(loop, control) else {
        return try await loop.createServer(host: "127.0.0.1", port: port) { Echo() }
    }
    defer { writer.close() }
    _ = try await reader.readExactly(1)
    guard let socket = try writer.transport.takeDescriptor()?.intoSocket() else {
        throw EventLoopError(.protocolBroken, "listen", detail: "The predecessor sent no descriptor")
    }
    let server = try await loop.createServer(socket: socket) { Echo() }
    // From now on this process accepts, so the predecessor may stop.
    writer.write([1])
    return server
}

/// Waits until a successor has asked for the listening socket and accepts connections.
func handOver(_ loop: any AbstractEventLoop, _ server: Server, _ control: String) async throws {
    let isTaken = loop.createFuture(of: Void.self)
    let successors = try await loop.startUnixServer(path: control, mode: 0o600, passesDescriptors: true) {
        reader, writer in
        let socket = try OwnedDescriptors(duplicating: [server.sockets[0].fileDescriptor])
        try writer.transport.write([1], descriptors: socket)
        _ = try await reader.readExactly(1)
        if !isTaken.isDone { try isTaken.setResult(()) }
    }
    say("listening on \(server.sockets[0].localAddress!)")
    try await withServer(successors) { _ in try await isTaken.value }
}

do {
    let arguments = CommandLine.arguments
    guard arguments.count == 3, let port = Int(arguments[1]) else {
        fputs("usage: HandOver PORT CONTROL-PATH\n", stderr)
        exit(2)
    }
    try run { loop in
        let server = try await listen(loop, port, arguments[2])
        try await handOver(loop, server, arguments[2])
        say("handed over")
        // Serves the connections that this process has accepted, and those that still wait in the kernel.
        try await server.close(deadline: .seconds(60))
    }
} catch {
    fputs("HandOver: \(error)\n", stderr)
    exit(1)
}
