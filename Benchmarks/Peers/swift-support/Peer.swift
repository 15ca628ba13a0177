// Start-up of the Swift peers, as Peers/common/listener.h for the C peers.

import Glibc

/// The number after `--port`; prints the usage and exits if there is none.
package func portArgument() -> Int {
    let arguments = CommandLine.arguments
    guard arguments.count == 3, arguments[1] == "--port", let port = Int(arguments[2]) else {
        fatalError("usage: \(arguments[0]) --port N")
    }
    return port
}

/// Prints that the server is ready.
///
/// The harness waits for this line, so it must be flushed.
package func announce(port: Int?, name: String) {
    print("listening on 127.0.0.1:\(port ?? 0) (\(name))")
    fflush(nil)
}
