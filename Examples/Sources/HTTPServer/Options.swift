import Glibc

/// The command line, and limits that hold for every client.
struct Options: Sendable {
    var host = "127.0.0.1"
    var port = 8080
    /// Nil leaves the choice to the library and PROACTOR_BACKEND.
    var backend: String?
    /// Seconds from the first byte of a request to its last.
    var requestTimeout = 20
    /// Seconds between requests, and before the first.
    var idleTimeout = 60
    /// Seconds for which a peer may fail to read what is sent to it.
    let stallTimeout = 30
    /// Seconds for a closing peer to take the last bytes.
    let closeTimeout = 5
    /// Seconds for requests in flight to finish when the server stops.
    var stopTimeout = 5
    /// Bytes of a request line and its header fields.
    static let headLimit = 16 * 1024
    /// Bytes of a request's body.
    static let bodyLimit = 1024 * 1024
    /// Bytes of a chunked body that are not content: sizes, extensions, newlines, trailer fields.
    static let chunkOverheadLimit = 256 * 1024

    private static let usage = """
        usage: HTTPServer [--host ADDRESS] [--port N] [--backend auto|io_uring|epoll|poll|select]
                          [--request-timeout SECONDS] [--idle-timeout SECONDS] [--stop-timeout SECONDS]
        """

    /// Reads the command line; exits with the usage if it is invalid.
    init(_ arguments: [String]) {
        var rest = arguments.dropFirst()
        while let name = rest.popFirst() {
            if name == "--help" {
                print(Self.usage)
                exit(0)
            }
            guard let value = rest.popFirst() else { Self.fail("\(name) needs a value") }
            switch name {
            case "--host": host = value
            case "--port": port = Self.number(value, in: 0...65535, name)
            case "--backend": backend = value
            case "--request-timeout": requestTimeout = Self.number(value, in: 1...3600, name)
            case "--idle-timeout": idleTimeout = Self.number(value, in: 1...3600, name)
            case "--stop-timeout": stopTimeout = Self.number(value, in: 0...3600, name)
            default: Self.fail("unknown option \(name)")
            }
        }
    }

    private static func number(_ text: String, in range: ClosedRange<Int>, _ name: String) -> Int {
        guard let number = Int(text), range.contains(number) else {
            fail("\(name) takes a number in \(range.lowerBound)...\(range.upperBound), not '\(text)'")
        }
        return number
    }

    private static func fail(_ message: String) -> Never {
        complain("\(message)\n\(usage)")
        exit(2)
    }
}
