// Shows tasks that share state: a chat room. Try: Chat 9999; nc 127.0.0.1 9999
@preconcurrency import Glibc
import Proactor

/// The guests, without a lock, because all tasks run on the loop's thread.
final class Room {
    private var members: [String: StreamWriter] = [:]

    func enter(_ name: String, _ writer: StreamWriter) -> Bool {
        guard !name.isEmpty, members[name] == nil else { return false }
        tell("* \(name) is here")
        members[name] = writer
        return true
    }

    func leave(_ name: String) {
        members[name] = nil
        tell("* \(name) has left")
    }

    func tell(_ line: String, from speaker: String? = nil) {
        for (name, writer) in members where name != speaker {
            writer.write(line + "\n")
            // Disconnect a guest that does not read: waiting would delay the others, and the buffer would grow.
            if writer.transport.writeBufferSize > 1 << 20 { writer.transport.abort() }
        }
    }
}

/// Serves one guest: the first line is the name, each further line a message.
func serve(_ reader: StreamReader, _ writer: StreamWriter, in room: Room) async throws {
    writer.write("What is your name?\n")
    let name = text(try await reader.readLine())
    guard room.enter(name, writer) else { return writer.write("This name is taken.\n") }
    defer { room.leave(name) }
    writer.write("Welcome, \(name).\n")
    for try await line in reader.lines { room.tell("\(name): \(text(line))", from: name) }
}

/// A line without trailing white space.
func text(_ line: [UInt8]) -> String {
    String(decoding: line.prefix(1 + (line.lastIndex { $0 > 0x20 } ?? -1)), as: UTF8.self)
}

do {
    // SIGINT is the usual end: it cancels the closure, and `run` returns.
    try run { loop in
        let room = Room()
        let port = CommandLine.arguments.dropFirst().first.flatMap(Int.init) ?? 9999
        let server = try await loop.startServer(host: "127.0.0.1", port: port) { try await serve($0, $1, in: room) }
        print("listening on \(server.sockets[0].localAddress!)")
        fflush(nil)
        try await server.serveForever()
    }
} catch {
    fputs("Chat: \(error)\n", stderr)
    exit(1)
}
