import EventLoops
import Kernel
import Proactor
import ProactorTesting
import TestSupport
import Testing

extension Conformance {
    @Suite struct StreamServers {
        /// STREAM-001 STREAM-002.
        @Test(arguments: LoopKind.allCases)
        func handlers_runAsTasks_oneForEachConnection(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                var running = 0
                var most = 0
                let server = try await loop.startServer(host: "127.0.0.1", port: 0) { reader, writer in
                    running += 1
                    most = max(most, running)
                    defer { running -= 1 }
                    for try await line in reader.lines {
                        writer.write(line)
                        try await writer.drain()
                    }
                }
                let port = server.port
                let clients = (0..<20).map { number in
                    loop.createTask {
                        let (reader, writer) = try await loop.openConnection(host: "127.0.0.1", port: port)
                        try await loop.eventually("all handlers have started") { most == 20 }
                        for line in 0..<50 {
                            writer.write("\(number) \(line)\n")
                            let answer = try await reader.readLine()
                            #expect(text(answer) == "\(number) \(line)\n")
                        }
                        writer.writeEOF()
                        let rest = try await reader.read()
                        #expect(rest == [])
                        writer.close()
                        try await writer.waitClosed()
                    }
                }
                for client in clients { try await client.value }
                server.close()
                try await server.waitClosed()
                #expect(running == 0)
            }
        }

        /// STREAM-002.
        ///
        /// What was written is still sent.
        @Test(arguments: LoopKind.allCases)
        func connection_isFlushedAndClosed_whenItsHandlerReturns(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let server = try await loop.startServer(host: "127.0.0.1", port: 0) { _, writer in
                    writer.write(Pattern.bytes(4 << 20))
                }
                let peer = try RawPeer.connect(server.port, receiveBuffer: 4096)
                let total = try await onThread { try peer.receivePattern() }
                #expect(total == 4 << 20)
                server.close()
                try await server.waitClosed()
            }
        }

        /// STREAM-003: the error is reported, and what was written before it is sent.
        @Test(arguments: LoopKind.allCases)
        func error_isReportedAndEndsTheConnection_whenAHandlerThrows(_ kind: LoopKind) async throws {
            struct Sudden: Error {}
            try await runLoop(kind) { loop, exceptions in
                let server = try await loop.startServer(host: "127.0.0.1", port: 0) { reader, writer in
                    _ = try await reader.readLine()
                    writer.write([1, 2, 3])
                    throw Sudden()
                }
                let peer = try RawPeer.connect(server.port)
                try peer.send([0x0A])
                let all = try await onThread { (try? peer.receiveAll()) ?? [] }
                #expect(all == [1, 2, 3], "what was written before the error is lost")
                try await server.closeAndWait()
                let contexts = exceptions.take()
                #expect(contexts.count == 1)
                #expect(contexts.first?.error is Sudden)
                #expect(contexts.first?.message.contains("Unhandled exception in") == true)
                #expect(contexts.first?.transport != nil)
            }
        }

        /// STREAM-003.
        ///
        /// An error that the peer caused is not reported.
        @Test(arguments: LoopKind.allCases)
        func connectionErrorOfAHandler_isNotReported(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                var ended = false
                let server = try await loop.startServer(host: "127.0.0.1", port: 0) { reader, _ in
                    defer { ended = true }
                    _ = try await reader.readLine()
                }
                let peer = try RawPeer.connect(server.port)
                try await loop.eventually("a connection") { server.connectionCount == 1 }
                peer.reset()
                try await loop.eventually("its end") { ended }
                try await server.closeAndWait()
            }
        }

        /// STREAM-001.
        @Test(arguments: LoopKind.allCases)
        func openConnection_failsAsCreateConnectionDoes(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let closed = try RawListener.closedAddress()
                let error = try await loopError {
                    try await loop.openConnection(host: "127.0.0.1", port: closed.port ?? 0)
                }
                #expect(error.errno == .connectionRefused)
                #expect(error.address == closed.description)
                let datagram = try Socket(family: .ipv4, type: Socket.datagram)
                let wrong = try await loopError { try await loop.openConnection(socket: datagram) }
                #expect(wrong.code == .invalidArgument)
            }
        }

        /// STREAM-004 STREAM-016 TRANSPORT-049.
        ///
        /// 40 MB in each direction, while no more is kept in memory than the limits permit.
        @Test(arguments: LoopKind.allCases)
        func echo_keepsMemoryBounded_whenThePeerIsSlow(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let size = 40 << 20
                var mostWaiting = 0
                let server = try await loop.startServer(host: "127.0.0.1", port: 0) { reader, writer in
                    while try await reader.withNextBytes({ writer.write($0) }) != nil {
                        mostWaiting = max(mostWaiting, writer.transport.writeBufferSize)
                        try await writer.drain()
                    }
                }
                let peer = try RawPeer.connect(server.port)
                let sent = Task {
                    try await onThread {
                        for start in stride(from: 0, to: size, by: 65_536) {
                            try peer.send(Pattern.bytes(65_536, at: start))
                        }
                        try peer.finishSending()
                    }
                }
                try await loop.sleep(for: .milliseconds(100))
                let total = try await onThread { try peer.receivePattern() }
                try await sent.value
                #expect(total == size)
                #expect(mostWaiting <= 65_536 + 64 * 1024)
                try await server.closeAndWait()
            }
        }
    }
}
