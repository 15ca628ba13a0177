import Foundation

extension Client {
    /// Sends a command as an array of words.
    func send(command words: [String]) throws {
        try send(Self.encoded(words))
    }

    static func encoded(_ words: [String]) -> [UInt8] {
        Array(words.reduce("*\(words.count)\r\n") { $0 + "$\($1.utf8.count)\r\n\($1)\r\n" }.utf8)
    }

    /// Sends a command, given as words between blanks, and reads its reply.
    func run(_ command: String) throws -> String {
        try send(command: command.split(separator: " ").map(String.init))
        return try reply()
    }

    /// Reads one reply: `OK`, `(1)`, `"text"`, `nil`, `[...]`, `{...}` and the like.
    func reply() throws -> String {
        let line = try line().dropLast()
        let rest = String(line.dropFirst())
        switch line.first {
        case "+": return rest
        case "-": return "error: \(rest)"
        case ":": return "(\(rest))"
        case "_": return "nil"
        case "#", ",", "(": return String(line)
        case "$", "=": return rest == "-1" ? "nil" : "\"\(try text(rest))\""
        case "*": return rest == "-1" ? "nil" : "[\(try replies(rest, 1))]"
        case "~": return "~[\(try replies(rest, 1))]"
        case ">": return ">[\(try replies(rest, 1))]"
        case "%": return "{\(try replies(rest, 2))}"
        default: throw Failure("no reply: \(line)")
        }
    }

    private func text(_ length: String) throws -> String {
        String(decoding: try bytes(number(length) + 2).dropLast(2), as: UTF8.self)
    }

    private func replies(_ count: String, _ factor: Int) throws -> String {
        try (0..<number(count) * factor).map { _ in try reply() }.joined(separator: " ")
    }

    private func number(_ text: String) throws -> Int {
        guard let number = Int(text) else { throw Failure("no number: \(text)") }
        return number
    }
}

/// A server of redis's protocol, for one test.
struct RespServer {
    let program: Program
    let port: Int

    init(_ arguments: String...) throws {
        program = try Program("RespServer", ["--port", "0"] + arguments)
        port = try program.port()
    }

    func client() throws -> Client {
        try Client(port: port)
    }
}
