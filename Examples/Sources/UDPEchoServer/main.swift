// Shows a datagram endpoint with a protocol object: each datagram goes back to its sender. Try: UDPEchoServer 9999
@preconcurrency import Glibc
import Proactor

final class Echo: DatagramProtocol {
    private var transport: (any DatagramTransport)?

    func connectionMade(_ transport: any DatagramTransport) {
        self.transport = transport
    }

    func datagramReceived(_ data: RawSpan, from sender: SocketAddress?) {
        transport?.sendTo(data, sender)
    }

    func errorReceived(_ error: EventLoopError) {
        // One datagram was lost; the endpoint goes on.
        fputs("UDPEchoServer: \(error)\n", stderr)
    }
}

do {
    // SIGINT is the usual end: it cancels the closure, and `run` returns.
    try run { loop in
        let port = CommandLine.arguments.dropFirst().first.flatMap(Int.init) ?? 9999
        let (transport, _) = try await loop.createDatagramEndpoint(localAddress: (host: "127.0.0.1", port: port)) {
            Echo()
        }
        defer { transport.close() }
        print("listening on \(transport.localAddress!)")
        fflush(nil)
        try await loop.createFuture(of: Void.self).value
    }
} catch {
    fputs("UDPEchoServer: \(error)\n", stderr)
    exit(1)
}
