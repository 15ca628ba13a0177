// Shows a client on streams: sends its arguments, one a line, and prints what the server sends back.
//
//     EchoServer --port 8888 &
//     TCPEchoClient 8888 hello world
@preconcurrency import Glibc
import Proactor

func exchange(_ lines: [String], port: Int) async throws {
    let (reader, writer) = try await getRunningLoop().openConnection(host: "127.0.0.1", port: port)
    for line in lines {
        writer.write(line + "\n")
        // Waits only if the server takes the bytes too slowly.
        try await writer.drain()
    }
    // The server sees the end of the stream, and closes its half after the last echo.
    writer.writeEOF()
    for try await line in reader.lines {
        print(String(decoding: line, as: UTF8.self), terminator: "")
    }
    writer.close()
    try await writer.waitClosed()
}

let arguments = CommandLine.arguments.dropFirst()
guard let port = arguments.first.flatMap(Int.init) else {
    fputs("usage: TCPEchoClient PORT [LINE ...]\n", stderr)
    exit(2)
}

do {
    try run { _ in try await exchange(Array(arguments.dropFirst()), port: port) }
} catch {
    fputs("TCPEchoClient: \(error)\n", stderr)
    exit(1)
}
