import EventLoops
import Glibc
import Kernel
import Proactor
import ProactorLoop
import ProactorTesting
import TestSupport
import Testing

extension Conformance {
    @Suite struct Watching {
        /// READER-001.
        ///
        /// asyncio prints the same for the same program.
        @Test(arguments: LoopKind.allCases)
        func reader_isCalledInEachTurn_whileBytesAreUnread_inTheOrderOfCallSoon(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                let pipe = try Pipe()
                pipe.write(2)
                var calls: [Int] = []
                try loop.addReader(pipe.readEnd) {
                    calls.append(1)
                    loop.callSoon { calls.append(2) }
                }
                try loop.turn(3)
                #expect(calls == [1, 2, 1, 2, 1])
                #expect(pipe.read(1) == 1)
                try loop.turn()
                #expect(calls.count == 7, "one byte is unread")
                #expect(pipe.read(1) == 1)
                try loop.turn(2)
                #expect(calls.count == 8, "the last callSoon only")
                pipe.write(1)
                try loop.turn()
                #expect(calls.suffix(1) == [1])
                #expect(try loop.removeReader(pipe.readEnd))
            }
        }

        /// READER-001.
        ///
        /// Each event wakes a sleeping loop.
        @Test(arguments: LoopKind.allCases)
        func reader_wakesASleepingLoop(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                let pipe = try Pipe()
                var got = 0
                try loop.addReader(pipe.readEnd) {
                    got += pipe.read(8)
                    if got == 3 { loop.stop() }
                }
                let end = pipe.writeEnd
                let helper = HelperThread {
                    for _ in 0..<3 {
                        block(.milliseconds(20))
                        Pipe.write(end, 1)
                    }
                }
                try loop.runForever()
                helper.join()
                #expect(got == 3)
                try loop.removeReader(pipe.readEnd)
            }
        }

        /// READER-002.
        @Test(arguments: LoopKind.allCases)
        func writer_isCalledInEachTurn_whileWritable(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                let pipe = try Pipe()
                var calls = 0
                try loop.addWriter(pipe.writeEnd) { calls += 1 }
                try loop.turn(3)
                #expect(calls == 3)
                let room = pipe.fill()
                try loop.turn(3)
                #expect(calls == 3, "the pipe is full")
                #expect(pipe.read(room) == room)
                try loop.turn(2)
                #expect(calls == 5)
                #expect(try loop.removeWriter(pipe.writeEnd))
                try loop.turn(2)
                #expect(calls == 5)
            }
        }

        /// READER-003.
        @Test(arguments: LoopKind.allCases)
        func removal_returnsWhetherThereWasACallback(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                let (one, other) = try Socket.pair()
                defer { other.close() }
                let fd = one.fileDescriptor
                #expect(try !loop.removeReader(fd))
                #expect(try !loop.removeWriter(fd))
                try loop.addReader(fd) {}
                #expect(try !loop.removeWriter(fd))
                #expect(try loop.removeReader(fd))
                #expect(try !loop.removeReader(fd))
                try loop.addWriter(fd) {}
                #expect(try !loop.removeReader(fd))
                #expect(try loop.removeWriter(fd))
                #expect(try !loop.removeWriter(fd))
                #expect(try !loop.removeReader(12345), "a closed descriptor must be accepted, as in asyncio")
            }
        }

        /// READER-004.
        ///
        /// This holds even if the old callback is already queued.
        @Test(arguments: LoopKind.allCases)
        func secondCallback_replacesTheFirst_whichNeverRunsAgain(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                let (first, second) = (try Pipe(), try Pipe())
                var calls: [String] = []
                weak var held: Witness?
                do {
                    let witness = Witness()
                    held = witness
                    try loop.addReader(first.readEnd) { calls.append("old\(witness)") }
                }
                try loop.addReader(first.readEnd) { calls.append("new") }
                #expect(held == nil, "the captures of the old callback were not released")
                first.write(1)
                try loop.turn(2)
                #expect(calls == ["new", "new"])
                // Both are ready in the same turn, and whichever runs first replaces the other.
                calls = []
                second.write(1)
                for (mine, others, name) in [(first, second, "first"), (second, first, "second")] {
                    try loop.addReader(mine.readEnd) {
                        calls.append(name)
                        try loop.addReader(others.readEnd) { calls.append("after \(name)") }
                        try loop.removeReader(mine.readEnd)
                    }
                }
                try loop.turn()
                #expect(calls.count == 1, "\(calls)")
                try loop.turn()
                #expect(calls.count == 2 && calls[1] == "after \(calls[0])", "\(calls)")
                try loop.removeReader(first.readEnd)
                try loop.removeReader(second.readEnd)
            }
        }

        /// READER-005.
        @Test(arguments: LoopKind.allCases)
        func readerAndWriter_areIndependent(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                let (one, other) = try Socket.pair()
                defer { other.close() }
                let fd = one.fileDescriptor
                var (reads, writes) = (0, 0)
                try loop.addReader(fd) { reads += 1 }
                try loop.addWriter(fd) { writes += 1 }
                try loop.turn(2)
                #expect((reads, writes) == (0, 2))
                Pipe.write(other.fileDescriptor, 1)
                try loop.turn(2)
                #expect((reads, writes) == (2, 4))
                #expect(try loop.removeWriter(fd))
                try loop.turn(2)
                #expect((reads, writes) == (4, 4))
                try loop.addWriter(fd) { writes += 1 }
                #expect(try loop.removeReader(fd))
                try loop.turn(2)
                #expect((reads, writes) == (4, 6))
                #expect(try loop.removeWriter(fd))
                try loop.turn(2)
                #expect((reads, writes) == (4, 6))
            }
        }

        /// READER-006.
        ///
        /// A number and an object with that descriptor are equivalent.
        @Test(arguments: LoopKind.allCases)
        func objectsWithADescriptor_areEquivalentToNumbers(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                let (one, other) = try Socket.pair()
                defer { other.close() }
                var calls: [String] = []
                try loop.addReader(one) { calls.append("object") }
                Pipe.write(other.fileDescriptor, 1)
                try loop.turn()
                try loop.addReader(one.fileDescriptor) { calls.append("number") }
                try loop.addWriter(one) { calls.append("writer") }
                #expect(try loop.removeWriter(one.fileDescriptor))
                try loop.turn()
                #expect(calls == ["object", "number"])
                #expect(try loop.removeReader(one))
                #expect(try !loop.removeReader(one.fileDescriptor))
                one.close()
                expectLoopError(.invalidArgument) { try loop.addReader(one) {} }
                expectLoopError(.invalidArgument) { try loop.removeReader(one) }
                expectLoopError(.invalidArgument) { try loop.addWriter(-1) {} }
                expectLoopError(.invalidArgument) { try loop.removeWriter(-7) }
            }
        }

        /// READER-007, READER-008.
        @Test(arguments: LoopKind.allCases)
        func descriptorOfATransport_isRefused_untilItIsClosed(_ kind: LoopKind) async throws {
            try await withLink(kind) { link in
                let (loop, fd) = (link.loop, link.transport.socket.fileDescriptor)
                Self.expectOwned(loop, fd, "File descriptor \(fd) is used by transport <SocketTransport fd=\(fd)")
                expectLoopError(.descriptorInUse) { try loop.addReader(link.transport.socket) {} }
                try link.peer.send([1, 2])
                try await link.told.wait { link.told.received == [1, 2] }
                link.transport.close()
                try await link.told.waitUntilLost()
                let pipe = try Pipe()
                let again = try duplicate(pipe.readEnd, wanting: fd)
                defer { close(again) }
                var calls = 0
                try loop.addReader(again) { calls += 1 }
                pipe.write(1)
                try await loop.turns()
                #expect(calls > 0)
                #expect(try loop.removeReader(again))
            }
        }

        /// READER-007.
        ///
        /// In asyncio a reader would take the server's accept away.
        @Test(arguments: LoopKind.allCases)
        func descriptorOfAServer_isRefused_untilItIsClosed(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let server = try await loop.createServer(host: "127.0.0.1", port: 0) { StreamRecorder(loop) }
                let fd = try #require(server.sockets.first).fileDescriptor
                Self.expectOwned(loop, fd, "File descriptor \(fd) is used by server <Server serving")
                server.close()
                expectLoopError(.system) { try loop.addReader(fd) {} }
                #expect(try !loop.removeReader(fd))
            }
        }

        private static func expectOwned(_ loop: any AbstractEventLoop, _ fd: Int32, _ detail: String) {
            let attempts: [() throws -> Void] = [
                { try loop.addReader(fd) {} }, { try loop.addWriter(fd) {} },
                { try loop.removeReader(fd) }, { try loop.removeWriter(fd) },
            ]
            for attempt in attempts {
                let error = #expect(throws: EventLoopError.self) { try attempt() }
                #expect(error?.code == .descriptorInUse)
                #expect(error?.detail.hasPrefix(detail) == true, "\(error?.detail ?? "")")
            }
        }

        /// A watched socket that becomes a transport belongs to the loop; asyncio also replaces its reader with the
        /// transport's.
        @Test(arguments: LoopKind.allCases)
        func watchOfASocket_ends_whenItBecomesATransport(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let (socket, peer) = try RawPeer.pair()
                defer { peer.close() }
                try loop.addReader(socket) { Issue.record("the reader ran") }
                try await loop.turns()
                let (transport, told) = try await loop.createConnection(socket: socket) { StreamRecorder(loop) }
                try peer.send([1, 2, 3])
                try await told.wait { told.received == [1, 2, 3] }
                transport.close()
                try await told.waitUntilLost()
            }
        }
    }
}
