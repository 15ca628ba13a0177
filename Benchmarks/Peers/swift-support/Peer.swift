// What every peer in Swift does before it serves, as Peers/common/listener.h does for those in C.

import Glibc

/// The number after `--port`; ends the program with its usage if there is none.
package func portArgument() -> Int {
    let arguments = CommandLine.arguments
    guard arguments.count == 3, arguments[1] == "--port", let port = Int(arguments[2]) else {
        fatalError("usage: \(arguments[0]) --port N")
    }
    return port
}

/// Says that the server is ready.
///
/// Whoever started it waits for this line, which therefore must not stay in a buffer.
package func announce(port: Int?, name: String) {
    print("listening on 127.0.0.1:\(port ?? 0) (\(name))")
    fflush(nil)
}
