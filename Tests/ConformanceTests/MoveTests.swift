import Kernel
import Proactor
import TestSupport
import Testing

@testable import EventLoops

extension Conformance {
    /// An open connection moves to another loop.
    @Suite struct Moves {
        /// Every kind of loop to every other.
        static let pairs = LoopKind.allCases.flatMap { from in LoopKind.allCases.map { (from, $0) } }

        /// Bytes that were not delivered to the former protocol object, and bytes that the kernel has not taken.
        @Test(arguments: pairs)
        func unreadAndUnsentBytes_goAlong_inOrder(_ pair: (from: LoopKind, to: LoopKind)) async throws {
            let (large, small) = (2_000_000, 50_000)
            try await withLinkAndTarget(pair.from, pair.to) { link, target in
                let record = SharedRecord()
                link.transport.pauseReading()
                try link.peer.send(Pattern.bytes(small))
                // More than the kernel takes while the peer does not receive.
                link.transport.write(Pattern.bytes(large))
                // On a ring, a receive and a send are in flight.
                try await link.loop.turns(3)
                #expect(link.transport.writeBufferSize > 0)
                let next = try await link.transport.move(to: target, unread: [1, 2]) { record.make() }
                #expect(link.told.events.last == .moved && link.transport.isClosing)
                #expect(link.loop.core.transports.isEmpty)
                // No effect: the connection is the other loop's.
                link.transport.write([7])
                link.transport.close()
                link.transport.abort()
                #expect(record.received.isEmpty, "reading stays paused")
                try target.callSoonThreadsafe {
                    next.write([9])
                    next.resumeReading()
                }
                let received = try await link.onPeer { try $0.receive(large + 1) }
                expectSame(received, Pattern.bytes(large) + [9])
                try await eventually("all arrives") { record.received.count == small + 2 }
                expectSame(record.received, [1, 2] + Pattern.bytes(small))
                try link.peer.finishSending()
                try await eventually("the end arrives") { record.events.contains(.eof) }
                #expect(record.events.filter { $0 == .pause || $0 == .resume } == [.pause, .resume])
                #expect(record.events.first == .made)
                try target.callSoonThreadsafe { next.close() }
                try await eventually("the connection is lost") { record.isLost }
                #expect(record.errno == nil)
            }
        }

        @Test(arguments: LoopKind.allCases)
        func bufferedProtocols_keepTheOrder(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let (socket, peer) = try RawPeer.pair()
                let (transport, told) = try await loop.createConnection(socket: socket) {
                    BufferedRecorder(loop, size: 100)
                }
                let moved = Locked<(any StreamTransport)?>(nil)
                try peer.send(Pattern.bytes(1000))
                try await told.wait { told.total > 0 }
                // A receive into the recorder's memory is in flight on a ring.
                try peer.send(Pattern.bytes(5000, at: 1000))
                // The same loop is a target like any other; its protocol object need not be Sendable.
                nonisolated(unsafe) var next: BufferedRecorder?
                moved.value = try await transport.move(to: loop) {
                    let made = BufferedRecorder(loop, size: 64)
                    next = made
                    return made
                }
                let recorder = try #require(next)
                try await recorder.wait { told.total + recorder.total == 6000 }
                expectSame(told.received + recorder.received, Pattern.bytes(6000))
                moved.value?.abort()
                moved.value = nil
                try await recorder.waitUntilLost()
                peer.close()
            }
        }

        @Test(arguments: LoopKind.allCases)
        func endOfBothStreams_goesAlong(_ kind: LoopKind) async throws {
            try await withLinkAndTarget(kind, kind) { link, target in
                link.told.disposition = .keepOpen
                try link.peer.send([1])
                try link.peer.finishSending()
                try await link.told.wait { link.told.hasEOF }
                link.transport.write(Pattern.bytes(3_000_000))
                link.transport.writeEOF()
                try link.transport.setWriteBufferLimits(high: 4000, low: 1000)
                let record = SharedRecord()
                let next = try await link.transport.move(to: target, unread: [1]) { record.make() }
                try await eventually("the end is told again") { record.events.contains(.eof) }
                #expect(record.received == [1])
                let limits = try await target.runCoroutineThreadsafe { next.writeBufferLimits }
                #expect(limits.high == 4000 && limits.low == 1000)
                // Refused: the stream has ended.
                try target.callSoonThreadsafe { next.writeEOF() }
                let received = try await link.onPeer { try $0.receivePattern() }
                #expect(received == 3_000_000)
                try target.callSoonThreadsafe { next.close() }
                try await eventually("the connection is lost") { record.isLost }
            }
        }

        /// The next protocol object gets what arrived before, and then the error.
        @Test(arguments: pairs)
        func reset_beforeTheMove_isToldThere(_ pair: (from: LoopKind, to: LoopKind)) async throws {
            try await withLinkAndTarget(pair.from, pair.to) { link, target in
                link.transport.pauseReading()
                try link.peer.send([1, 2, 3])
                try await link.loop.turns(3)
                link.peer.reset()
                try await link.loop.turns(3)
                let record = SharedRecord()
                let next = try await link.transport.move(to: target) { record.make() }
                try target.callSoonThreadsafe { next.resumeReading() }
                try await eventually("the connection is lost") { record.isLost }
                #expect(record.received == [1, 2, 3])
                #expect(record.errno == .connectionReset)
            }
        }

        /// The peer closes at any step of a move.
        @Test(arguments: pairs)
        func close_duringTheMove_isToldOnce(_ pair: (from: LoopKind, to: LoopKind)) async throws {
            for step in 0..<4 {
                try await withLinkAndTarget(pair.from, pair.to) { link, target in
                    link.told.disposition = .keepOpen
                    let record = SharedRecord { if step == 2 { $0.abort() } }
                    let loop = link.loop
                    let transport = link.transport
                    let move = loop.createTask { try await transport.move(to: target) { record.make() } }
                    if step == 0 { link.peer.close() }
                    try await loop.turns(1)
                    if step == 1 { link.peer.reset() }
                    _ = try await move.value
                    if step == 3 { link.peer.close() }
                    try await eventually("something ends it") { record.isLost || record.events.contains(.eof) }
                    if let next = record.transport { try target.callSoonThreadsafe { next.close() } }
                    try await eventually("the connection is lost") { record.isLost }
                    #expect(link.told.events.last == .moved)
                }
            }
        }

        @Test(arguments: LoopKind.allCases)
        func target_thatIsClosed_isRefused_andTheConnectionStays(_ kind: LoopKind) async throws {
            try await withLink(kind) { link in
                let target = try await onThread {
                    let loop = try kind.make()
                    try loop.close()
                    return loop
                }
                let error = try await loopError { try await link.transport.move(to: target) { SharedRecord().make() } }
                #expect(error.code == .closed)
                try link.peer.send([1])
                try await link.told.wait { link.told.received == [1] }
                link.transport.write([2])
                #expect(try await link.onPeer { try $0.receive(1) } == [2])
            }
        }

        /// The connection is in the inbox of a loop that closes without running again.
        @Test(arguments: LoopKind.allCases)
        func target_thatClosesFirst_endsTheConnection(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let (socket, peer) = try RawPeer.pair()
                let (transport, told) = try await loop.createConnection(socket: socket) { StreamRecorder(loop) }
                let (mayClose, isMade) = (Gate(), Gate())
                let idle = Locked<(any AbstractEventLoop)?>(nil)
                let thread = HelperThread {
                    #expect(throws: Never.self) {
                        let loop = try kind.make()
                        idle.value = loop
                        isMade.open()
                        mayClose.wait()
                        try loop.close()
                    }
                }
                isMade.wait()
                let target = try #require(idle.value)
                let move = loop.createTask {
                    try await transport.move(to: target) {
                        Issue.record("a closed loop made a protocol object")
                        return SharedRecord().make()
                    }
                }
                try await loop.eventually("the connection has left") { loop.core.transports.isEmpty }
                mayClose.open()
                thread.join()
                let error = try await loopError { try await move.value }
                #expect(error.code == .closed)
                try await told.waitUntilLost()
                #expect((told.loss as? EventLoopError)?.code == .closed && told.count(.lost) == 1)
                #expect(try await onThread { try peer.receiveAll() } == [])
                peer.close()
                idle.value = nil
            }
        }

        @Test(arguments: LoopKind.allCases)
        func cancelledTask_leavesTheConnection_orOnlyTheWait(_ kind: LoopKind) async throws {
            try await withLinkAndTarget(kind, kind) { link, target in
                let record = SharedRecord()
                let transport = link.transport
                // Cancelled before it begins: nothing happens.
                let early = link.loop.createTask {
                    withUnsafeCurrentTask { $0?.cancel() }
                    try await transport.move(to: target) { record.make() }
                }
                await #expect(throws: CancellationError.self) { try await early.value }
                #expect(!transport.isClosing)
                try link.peer.send([1])
                try await link.told.wait { link.told.received == [1] }
                let late = link.loop.createTask { try await transport.move(to: target) { record.make() } }
                try await link.loop.turns(1)
                #expect(transport.isClosing)
                late.cancel()
                await #expect(throws: CancellationError.self) { try await late.value }
                try await link.told.wait { link.told.events.last == .moved }
                try link.peer.send([2])
                try await eventually("the connection goes on") { record.received == [2] }
                link.peer.close()
                try await eventually("the end arrives") { record.events.contains(.eof) }
                try target.callSoonThreadsafe { record.transport?.close() }
                try await eventually("the connection is lost") { record.isLost }
            }
        }

        @Test(arguments: LoopKind.allCases)
        func abort_beforeTheConnectionHasLeft_endsIt(_ kind: LoopKind) async throws {
            try await withLinkAndTarget(kind, kind) { link, target in
                let transport = link.transport
                let move = link.loop.createTask {
                    try await transport.move(to: target) {
                        Issue.record("an aborted connection moved")
                        return SharedRecord().make()
                    }
                }
                link.loop.callSoon { transport.abort() }
                let error = try await loopError { try await move.value }
                #expect(error.code == .closed)
                try await link.told.waitUntilLost()
                #expect(!link.told.events.contains(.moved))
                let again = try await loopError { try await transport.move(to: target) { SharedRecord().make() } }
                #expect(again.code == .invalidState)
            }
        }

        /// Closing the loop of a connection that is about to leave.
        @Test(arguments: LoopKind.allCases)
        func closedLoop_endsTheConnectionThatLeaves(_ kind: LoopKind) async throws {
            try await withGroup([kind]) { group, _ in
                let target = group.loops[0]
                let record = SharedRecord()
                let peer = try await onThread {
                    let loop = try kind.make()
                    let (socket, peer) = try RawPeer.pair()
                    try loop.runUntilComplete {
                        let (transport, _) = try await loop.createConnection(socket: socket) { StreamRecorder(loop) }
                        loop.createTask { try await transport.move(to: target) { record.make() } }
                        try await loop.sleep(for: .zero)
                    }
                    try loop.close()
                    return peer
                }
                try await eventually("either the connection has left in time, or it is closed") {
                    record.transport != nil || SocketCalls.hasEnded(peer.descriptor)
                }
                peer.close()
                if let next = record.transport { try target.callSoonThreadsafe { next.close() } }
                try await eventually("it is lost, if it arrived") { record.events.isEmpty || record.isLost }
            }
        }

        @Test(arguments: LoopKind.allCases)
        func streams_move_withWhatTheReaderHolds(_ kind: LoopKind) async throws {
            try await withGroup([kind]) { group, _ in
                let target = group.loops[0]
                try await runLoop(kind) { loop, _ in
                    let (socket, peer) = try RawPeer.pair()
                    let (reader, writer) = try await loop.openConnection(socket: socket)
                    try peer.send(Array("first\nsecond\nth".utf8))
                    #expect(try await reader.readLine() == Array("first\n".utf8))
                    let waiting = loop.createTask { try await reader.readExactly(1000) }
                    try await loop.turns()
                    try await writer.move(to: target) { reader, writer in
                        writer.write(try await reader.readLine())
                        writer.write(try await reader.readLine())
                    }
                    let error = try await loopError { try await waiting.value }
                    #expect(error.code == .invalidState, "\(error)")
                    try peer.send(Array("ird\n".utf8))
                    #expect(try await onThread { try peer.receiveAll() } == Array("second\nthird\n".utf8))
                    peer.close()
                }
            }
        }
    }
}

/// A connection of a loop, and another loop as the target of its move.
private func withLinkAndTarget(
    _ from: LoopKind, _ to: LoopKind, sourceLocation: SourceLocation = #_sourceLocation,
    _ body: @escaping @Sendable (Link<StreamRecorder>, any AbstractEventLoop) async throws -> Void
) async throws {
    try await withGroup([to], sourceLocation: sourceLocation) { group, _ in
        try await runLoop(from, sourceLocation: sourceLocation) { loop, exceptions in
            let (socket, peer) = try RawPeer.pair()
            defer { peer.close() }
            let (transport, told) = try await loop.createConnection(socket: socket) { StreamRecorder(loop) }
            try await body(
                Link(loop: loop, told: told, transport: transport, peer: peer, exceptions: exceptions), group.loops[0])
        }
    }
}
