import EventLoops
import Kernel
import Proactor
import TestSupport
import Testing

extension Conformance {
    /// Cancelling any wait on a stream loses no byte and leaves the stream usable.
    @Suite struct StreamCancellation {
        /// STREAM-015.
        @Test(arguments: LoopKind.allCases)
        func reads_loseNoByte_whenCancelled(_ kind: LoopKind) async throws {
            try await withStreams(kind) { link in
                let (loop, reader) = (link.loop, link.reader)
                await expectCancelled(loop.createTask { try await reader.read(10) })
                let calls: [() async throws -> [UInt8]] = [
                    { try await reader.read(10) }, { try await reader.readLine() },
                    { try await reader.readExactly(1000) },
                    { try await reader.readUntil(separator: [9, 9, 9]) }, { try await reader.read() },
                    { try await reader.withNextBytes { $0.withUnsafeBytes { Array($0) } } ?? [] },
                ]
                var total = 0
                for call in calls {
                    // Nothing is available: the read waits, and is cancelled.
                    let waiting = loop.createTask { try await call() }
                    try await loop.turns()
                    #expect(!waiting.isDone)
                    await expectCancelled(waiting)
                    // Bytes are available, but not enough for some of the reads.
                    let partly = loop.createTask { try await call() }
                    try await loop.turns()
                    try await link.feed(Array(repeating: UInt8(total), count: 7))
                    partly.cancel()
                    let got = (try? await partly.value) ?? []
                    let rest = try await reader.readExactly(7 - got.count)
                    #expect(got + rest == Array(repeating: UInt8(total), count: 7))
                    total += 1
                }
            }
        }

        /// STREAM-015.
        ///
        /// A read to the end keeps its bytes, however often it is cancelled.
        @Test(arguments: LoopKind.allCases)
        func readToTheEnd_losesNoByte_whenCancelled(_ kind: LoopKind) async throws {
            try await withStreams(kind, limit: 100) { link in
                let (loop, reader) = (link.loop, link.reader)
                for number in 0..<5 {
                    let task = loop.createTask { try await reader.read() }
                    try await link.feed(Pattern.bytes(1000, at: number * 1000))
                    await expectCancelled(task)
                }
                try link.peer.finishSending()
                let all = try await reader.read()
                expectSame(all, Pattern.bytes(5000))
            }
        }

        /// STREAM-015.
        ///
        /// Tasks are cancelled at the moment when bytes arrive.
        @Test(arguments: LoopKind.allCases)
        func reads_loseNoByte_whenCancelledAsBytesArrive(_ kind: LoopKind) async throws {
            try await withStreams(kind, limit: 5000) { link in
                let (loop, reader) = (link.loop, link.reader)
                let size = 1 << 20
                let sent = link.startPeer { peer in
                    var dice = SeededRandom(3)
                    var start = 0
                    while start < size {
                        let piece = min(size - start, Int.random(in: 1...5000, using: &dice))
                        try peer.send(Pattern.bytes(piece, at: start))
                        start += piece
                    }
                    try peer.finishSending()
                }
                var dice = SeededRandom(4)
                var all: [UInt8] = []
                while !reader.atEOF {
                    let task = loop.createTask {
                        switch Int.random(in: 0..<3, using: &dice) {
                        case 0: try await reader.read(3000)
                        case 1: try await reader.readExactly(min(700, size - all.count))
                        default: try await reader.withNextBytes { $0.withUnsafeBytes { Array($0) } } ?? []
                        }
                    }
                    try await loop.turns(Int.random(in: 0..<3, using: &dice))
                    task.cancel()
                    do { all += try await task.value } catch { #expect(error is CancellationError) }
                }
                try await sent.value
                expectSame(all, Pattern.bytes(size))
            }
        }

        /// STREAM-015.
        ///
        /// Child tasks can be cancelled without their parent.
        @Test(arguments: LoopKind.allCases)
        func reads_loseNoByte_whenTheirGroupIsCancelled(_ kind: LoopKind) async throws {
            try await withStreams(kind) { link in
                let (loop, reader) = (link.loop, link.reader)
                for number in 0..<20 {
                    let got = await withTaskGroup(of: [UInt8]?.self) { group in
                        group.addTask { try? await reader.readExactly(100) }
                        group.addTask {
                            try? await loop.sleep(for: .milliseconds(number % 3))
                            return nil
                        }
                        let first = await group.next() ?? nil
                        group.cancelAll()
                        let second = await group.next() ?? nil
                        return first ?? second
                    }
                    #expect(got == nil)
                    try await link.feed([UInt8(number)])
                }
                let all = try await reader.readExactly(10)
                #expect(all == Array(0..<10))
                let rest = try await reader.readExactly(10)
                #expect(rest == Array(10..<20))
            }
        }

        /// STREAM-016.
        @Test(arguments: LoopKind.allCases)
        func drain_losesNothing_whenCancelled(_ kind: LoopKind) async throws {
            try await withStreams(kind, receiveBuffer: 4096) { link in
                let (loop, writer) = (link.loop, link.writer)
                writer.write(Pattern.bytes(8 << 20))
                let drains = (0..<3).map { _ in loop.createTask { try await writer.drain() } }
                try await loop.turns()
                #expect(drains.allSatisfy { !$0.isDone })
                await expectCancelled(drains[1])
                #expect(!drains[0].isDone && !drains[2].isDone)
                let received = link.startPeer { try $0.receivePattern() }
                try await drains[0].value
                try await drains[2].value
                writer.write(Pattern.bytes(1000, at: 8 << 20))
                try await writer.drain()
                writer.close()
                try await writer.waitClosed()
                let total = try await received.value
                #expect(total == (8 << 20) + 1000)
            }
        }

        /// STREAM-018.
        @Test(arguments: LoopKind.allCases)
        func waitClosed_mayBeCancelledAndRepeated(_ kind: LoopKind) async throws {
            try await withStreams(kind) { link in
                let (loop, writer) = (link.loop, link.writer)
                let waiting = loop.createTask { try await writer.waitClosed() }
                try await loop.turns()
                await expectCancelled(waiting)
                writer.write("still here")
                let answer = try await link.onPeer { try $0.receive(10) }
                #expect(text(answer) == "still here")
                writer.close()
                try await writer.waitClosed()
                try await writer.waitClosed()
            }
        }

        /// SERVER-017 CONN-025.
        @Test(arguments: LoopKind.allCases)
        func openConnectionAndServe_mayBeCancelledAndRepeated(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let deaf = try DeafListener()
                defer { deaf.close() }
                let opening = loop.createTask {
                    _ = try await loop.openConnection(host: "127.0.0.1", port: deaf.address.port ?? 0)
                }
                try await loop.sleep(for: .milliseconds(20))
                await expectCancelled(opening)
                let server = try await loop.startServer(host: "127.0.0.1", port: 0) { reader, writer in
                    writer.write(try await reader.readLine())
                }
                let port = server.port
                let serving = loop.createTask { try await server.serveForever() }
                try await loop.turns()
                let (reader, writer) = try await loop.openConnection(host: "127.0.0.1", port: port)
                try await loop.turns()
                await expectCancelled(serving)
                // The open connection is not affected.
                writer.write("line\n")
                #expect(text(try await reader.read()) == "line\n")
                writer.close()
                try await writer.waitClosed()
                try await server.waitClosed()
            }
        }

        /// STREAM-002.
        ///
        /// Cancelling a handler is not an error, and ends its connection.
        @Test(arguments: LoopKind.allCases)
        func handler_endsItsConnection_whenCancelled(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                var handling: LoopTask<[UInt8]>?
                let server = try await loop.startServer(host: "127.0.0.1", port: 0) { reader, _ in
                    let inner = loop.createTask { try await reader.readLine() }
                    handling = inner
                    _ = try await inner.value
                }
                let peer = try RawPeer.connect(server.port)
                try await loop.eventually("a handler") { handling != nil }
                handling?.cancel()
                let all = try await onThread { (try? peer.receiveAll()) ?? [] }
                #expect(all == [])
                server.close()
                try await server.waitClosed()
            }
        }
    }
}
