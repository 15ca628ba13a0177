import Glibc
import Proactor

/// "Set signal handlers for SIGINT and SIGTERM": either signal ends the program.
func handleSignals() throws {
    try run { loop in
        let exit = loop.createFuture(of: String.self)
        for (number, name) in [(SIGINT, "SIGINT"), (SIGTERM, "SIGTERM")] {
            try loop.addSignalHandler(number) {
                if !exit.isDone { try exit.setResult(name) }
            }
        }
        print("Event loop running for 1 hour, press Ctrl+C to interrupt.")
        print("pid \(getpid()): send SIGINT or SIGTERM to exit.")
        let timer = loop.callLater(.seconds(3600)) { exit.cancel() }
        defer { timer.cancel() }
        print("got signal \(try await exit.value): exit")
    }
}
