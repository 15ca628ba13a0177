// Shows a datagram endpoint in async code: sends each argument, and repeats it until an answer arrives.
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
            // Datagrams may be lost, and nothing reports that.
            for attempt in 1... {
                try await endpoint.send(Array(text.utf8))
                do {
                    let answer = try await loop.waitFor(timeout: .seconds(1)) { try await endpoint.receive() }
                    print(String(decoding: answer.bytes, as: UTF8.self))
                    break
                } catch let error as EventLoopError where error.code == .timedOut && attempt < 3 {}
            }
        }
    }
} catch {
    fputs("UDPEchoClient: \(error)\n", stderr)
    exit(1)
}
