// Start-up of the Swift peers, as Peers/common/listener.h for the C peers.

import Glibc

/// Where a server listens.
package enum Endpoint {
    /// A TCP or UDP port on loopback.
    case port(Int)
    /// The path of a Unix socket.
    case path(String)

    /// Reads the command line; prints the usage and exits if it names no address.
    package static func argument() -> Endpoint {
        let arguments = CommandLine.arguments
        if arguments.count == 3 {
            switch arguments[1] {
            case "--port", "--udp": if let port = Int(arguments[2]) { return .port(port) }
            case "--unix": return .path(arguments[2])
            default: break
            }
        }
        fatalError("usage: \(arguments[0]) --port N | --unix PATH | --udp N")
    }
}

/// Prints that the server is ready.
///
/// The harness waits for this line, so it must be flushed.
package func announce(_ address: String, name: String) {
    print("listening on \(address) (\(name))")
    fflush(nil)
}
