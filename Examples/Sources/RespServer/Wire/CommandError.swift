/// Why a command was refused; the client gets the text and may go on.
struct CommandError: Error {
    let text: String

    init(_ text: String) {
        self.text = text
    }

    static var wrongType: Self { Self("WRONGTYPE Operation against a key holding the wrong kind of value") }
    static var notAnInteger: Self { Self("ERR value is not an integer or out of range") }
    static var notAFloat: Self { Self("ERR value is not a valid float") }
    static var outOfRange: Self { Self("ERR value is out of range") }
    static var overflow: Self { Self("ERR increment or decrement would overflow") }
    static var syntax: Self { Self("ERR syntax error") }
    static var noSuchKey: Self { Self("ERR no such key") }
    static var tooLong: Self { Self("ERR string exceeds maximum allowed size (proto-max-bulk-len)") }
    static var outOfMemory: Self { Self("OOM command not allowed when used memory > 'maxmemory'.") }

    static func wrongCount(_ name: String) -> Self {
        Self("ERR wrong number of arguments for '\(name)' command")
    }

    static func unknownSubcommand(_ word: Bytes, of name: String) -> Self {
        Self("ERR unknown subcommand '\(word.text.prefix(128))'. Try \(name.uppercased()) HELP.")
    }

    static func invalidExpireTime(_ name: String) -> Self {
        Self("ERR invalid expire time in '\(name)' command")
    }
}

/// Why the bytes of a client are no commands; the connection ends after the text has been sent.
struct ProtocolError: Error {
    let text: String

    init(_ text: String) {
        self.text = "ERR Protocol error: \(text)"
    }

    static var wordCount: Self { Self("invalid multibulk length") }
    static var wordLength: Self { Self("invalid bulk length") }
    static var wordEnd: Self { Self("expected a newline after the bulk") }
    static var quotes: Self { Self("unbalanced quotes in request") }
    static var lineLength: Self { Self("too big inline request") }
    static var commandLength: Self { Self("too big request") }

    static func noWord(_ found: UInt8) -> Self {
        let character = 0x20...0x7E ~= found ? String(UnicodeScalar(found)) : "\\x\(String(found, radix: 16))"
        return Self("expected '$', got '\(character)'")
    }
}
