@preconcurrency import Glibc

/// The command line.
struct Options: Sendable {
    enum Style: String {
        case protocols
        case streams
        case chunks
        case lines
        case sockets
    }

    var host = "127.0.0.1"
    var port = 8888
    /// The path of a Unix socket to listen on, instead of host and port.
    var path: String?
    var backend: String?
    var style = Style.protocols

    init(_ arguments: [String]) {
        var rest = arguments.dropFirst()
        while let name = rest.popFirst() {
            guard let value = rest.popFirst() else { Self.fail("\(name) needs a value") }
            switch name {
            case "--host": host = value
            case "--port": port = Int(value) ?? { Self.fail("\(value) is not a port") }()
            case "--unix": path = value
            case "--backend": backend = value
            case "--style":
                style = Style(rawValue: value) ?? { Self.fail("\(value) is not a style") }()
            default: Self.fail("unknown option \(name)")
            }
        }
    }

    private static func fail(_ message: String) -> Never {
        complain(
            "\(message)\nusage: EchoServer [--host ADDRESS] [--port N] [--unix PATH] "
                + "[--backend auto|io_uring|epoll|poll|select] [--style protocols|streams|chunks|lines|sockets]")
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
    fputs("EchoServer: \(line)\n", stderr)
}
