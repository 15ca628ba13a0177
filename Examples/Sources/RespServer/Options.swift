@preconcurrency import Glibc

/// The command line.
struct Options: Sendable {
    var host = "127.0.0.1"
    var port = 6379
    /// Nil leaves the choice to the library and PROACTOR_BACKEND.
    var backend: String?

    private static let usage =
        "usage: RespServer [--host ADDRESS] [--port N] [--backend auto|io_uring|epoll|poll|select]"

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
            case "--port":
                guard let number = Int(value), 0...65535 ~= number else { Self.fail("\(value) is not a port") }
                port = number
            case "--backend": backend = value
            default: Self.fail("unknown option \(name)")
            }
        }
    }

    private static func fail(_ message: String) -> Never {
        complain("\(message)\n\(usage)")
        exit(2)
    }
}

/// Prints a line and flushes it, because standard output may be a pipe.
func announce(_ line: String) {
    print(line)
    fflush(nil)
}

/// Prints a line to standard error.
func complain(_ line: String) {
    fputs("RespServer: \(line)\n", stderr)
}
