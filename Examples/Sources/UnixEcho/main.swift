// Shows a Unix socket: a server that echoes lines, and a client.
// Try: UnixEcho serve /tmp/echo; UnixEcho /tmp/echo hello
@preconcurrency import Glibc
import Proactor

/// Serves at a path until SIGINT, and then removes the socket's file; only this user may connect.
func serve(_ loop: any AbstractEventLoop, at path: String) async throws {
    let server = try await loop.startUnixServer(path: path, mode: 0o600) { reader, writer in
        let peer = try writer.transport.socket.peerCredentials
        print("process \(peer.processID) of user \(peer.userID) is connected")
        fflush(nil)
        for try await line in reader.lines {
            writer.write(line)
            try await writer.drain()
        }
    }
    print("listening on \(path)")
    fflush(nil)
    try await server.serveForever()
}

func ask(_ loop: any AbstractEventLoop, at path: String, _ text: String) async throws {
    let (reader, writer) = try await loop.openUnixConnection(path: path)
    writer.write(text + "\n")
    print(String(decoding: try await reader.readLine(), as: UTF8.self), terminator: "")
    writer.close()
    try await writer.waitClosed()
}

do {
    let arguments = CommandLine.arguments
    guard arguments.count == 3 else {
        fputs("usage: UnixEcho serve PATH | UnixEcho PATH TEXT\n", stderr)
        exit(2)
    }
    try run { loop in
        if arguments[1] == "serve" {
            try await serve(loop, at: arguments[2])
        } else {
            try await ask(loop, at: arguments[1], arguments[2])
        }
    }
} catch {
    fputs("UnixEcho: \(error)\n", stderr)
    exit(1)
}
