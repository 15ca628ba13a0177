// Shows a datagram endpoint in async code: sends each argument, up to three times, until its
// answer arrives.
// Try: UDPEchoClient 127.0.0.1 9999 hello world
@preconcurrency import Glibc
import Proactor

let arguments = CommandLine.arguments
guard arguments.count > 3, let port = Int(arguments[2]) else {
    fputs("usage: UDPEchoClient HOST PORT TEXT...\n", stderr)
    exit(2)
}

do {
    try run { loop in
        let endpoint = try await loop.openDatagramEndpoint(remoteAddress: (host: arguments[1], port: port))
        defer { endpoint.close() }
        for text in arguments[3...] {
            let sent = Array(text.utf8)
            // Datagrams may be lost, and nothing reports that.
            for attempt in 1... {
                try await endpoint.send(sent)
                do {
                    try await loop.waitFor(timeout: .seconds(1)) {
                        // An answer to an earlier text may arrive late.
                        while try await endpoint.receive().bytes != sent {}
                    }
                    print(text)
                    break
                } catch let error as EventLoopError where error.code == .timedOut && attempt < 3 {}
            }
        }
    }
} catch {
    fputs("UDPEchoClient: \(error)\n", stderr)
    exit(1)
}
