// A TCP proxy: each client gets a connection of its own to the target.
//
//     TCPProxy 8080 example.org 80
@preconcurrency import Glibc
import Proactor

/// Copies one direction until its end, and passes the end on; the opposite direction continues.
func copy(_ reader: StreamReader, _ writer: StreamWriter) async throws {
    while try await reader.withNextBytes({ writer.write($0) }) != nil {
        // Reads no faster than the other side takes the bytes.
        try await writer.drain()
    }
    writer.writeEOF()
}

/// Connects a client to the target until both directions have ended or one of them breaks.
func forward(
    _ loop: any AbstractEventLoop, _ client: (StreamReader, StreamWriter), to host: String, _ port: Int
) async {
    do {
        let target = try await loop.openConnection(host: host, port: port, happyEyeballsDelay: .milliseconds(250))
        let directions = loop.gather([{ try await copy(client.0, target.1) }, { try await copy(target.0, client.1) }])
        do { _ = try await directions.value } catch {
            // If one side is lost, what the other has received must not look complete.
            target.1.transport.abort()
            client.1.transport.abort()
        }
        target.1.close()
    } catch {
        fputs("TCPProxy: \(error)\n", stderr)
    }
    client.1.close()
}

let arguments = CommandLine.arguments.dropFirst()
guard arguments.count == 3, let port = Int(arguments[1]), let targetPort = Int(arguments[3]) else {
    fputs("usage: TCPProxy PORT TARGET-HOST TARGET-PORT\n", stderr)
    exit(2)
}
let host = arguments[2]

do {
    try run { loop in
        let server = try await loop.startServer(host: "127.0.0.1", port: port) {
            await forward(loop, ($0, $1), to: host, targetPort)
        }
        print("listening on \(server.sockets[0].localAddress!)")
        fflush(nil)
        try await server.serveForever()
    }
} catch {
    fputs("TCPProxy: \(error)\n", stderr)
    exit(1)
}
