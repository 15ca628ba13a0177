import Kernel
import Proactor
import TestSupport
import Testing

@testable import EventLoops

extension Conformance {
    /// Moves of connections whose reader is full, whose server closes, or whose former loop closes.
    @Suite struct MoveEnds {
        /// The pause is the former reader's, not the user's.
        @Test(arguments: LoopKind.allCases)
        func connection_isReadToItsEnd_afterItsReaderHasPausedItself(_ kind: LoopKind) async throws {
            try await withGroup([kind]) { group, _ in
                let target = group.loops[0]
                try await runLoop(kind) { loop, _ in
                    let (socket, peer) = try RawPeer.pair()
                    let (reader, writer) = try await loop.openConnection(socket: socket, limit: 1024)
                    let sent = Task {
                        try await onThread {
                            try peer.send(Array("first\n".utf8) + Pattern.bytes(300_000))
                            try peer.finishSending()
                        }
                    }
                    #expect(try await reader.readLine() == Array("first\n".utf8))
                    try await loop.eventually("the reader is full") { !writer.transport.isReading }
                    try await writer.move(to: target) { reader, writer in writer.write(try await reader.read()) }
                    try await sent.value
                    let received = try await onThread { try peer.receivePattern() }
                    #expect(received == 300_000)
                    peer.close()
                }
            }
        }

        /// The connection waits in the inbox of a loop that does not run, which no deadline ends.
        @Test(arguments: LoopKind.allCases)
        func server_doesNotWaitForAConnectionInTransit(_ kind: LoopKind) async throws {
            let idle = try IdleLoop(kind)
            try await runLoop(kind) { loop, _ in
                let visitors = Visitors(loop)
                let server = try await loop.createServer(host: "127.0.0.1", port: 0) { visitors.make() }
                let peer = try RawPeer.connect(server.port)
                try await loop.eventually("a visitor") { visitors.all.first?.transport != nil }
                let transport = try #require(visitors.all[0].transport)
                let address = transport.localAddress
                let target = idle.loop
                let move = loop.createTask { try await transport.move(to: target) { SharedRecord().make() } }
                try await loop.eventually("the connection has left") { loop.core.transports.isEmpty }
                // Its number is the other loop's.
                #expect(transport.socket.fileDescriptor == -1 && transport.localAddress == address)
                let closing = loop.createTask { try await server.close(deadline: .milliseconds(10)) }
                try await loop.eventually("the server is closed") { closing.isDone }
                #expect(server.connectionCount == 0)
                try await server.waitClosed()
                idle.end()
                let error = try await loopError { try await move.value }
                #expect(error.code == .closed)
                peer.close()
            }
        }

        /// The former loop closes while the connection is in transit, before the target runs or without a run of it.
        @Test(arguments: LoopKind.allCases, [false, true])
        func formerProtocol_isReleased_afterItsLoopHasClosed(_ kind: LoopKind, targetRuns: Bool) async throws {
            let before = OpenSockets.open()
            let idle = try IdleLoop(kind)
            let record = SharedRecord()
            nonisolated(unsafe) weak var former: StreamRecorder?
            let target = idle.loop
            let peer = try await onThread {
                let loop = try kind.make()
                let (socket, peer) = try RawPeer.pair()
                try loop.runUntilComplete {
                    let (transport, told) = try await loop.createConnection(socket: socket) { StreamRecorder(loop) }
                    former = told
                    _ = loop.createTask { try await transport.move(to: target) { record.make() } }
                    try await loop.eventually("the connection has left") { loop.core.transports.isEmpty }
                }
                try loop.close()
                return peer
            }
            idle.end(runsFirst: targetRuns)
            try await eventually("the former protocol object is released") { former == nil }
            #expect(record.events == (targetRuns ? [.made] : []))
            record.update { $0.transport = nil }
            peer.close()
            #expect(OpenSockets.left(since: before) == [])
        }
    }
}

/// A loop on a thread of its own that does not run.
private final class IdleLoop: Sendable {
    let loop: any AbstractEventLoop
    private let mayEnd = Gate()
    private let runs = Locked(false)
    private let thread: HelperThread

    init(_ kind: LoopKind) throws {
        let made = Locked<(any AbstractEventLoop)?>(nil)
        let isMade = Gate()
        thread = HelperThread { [mayEnd, runs] in
            #expect(throws: Never.self) {
                defer { isMade.open() }
                let loop = try kind.make()
                made.value = loop
                isMade.open()
                mayEnd.wait()
                if runs.value { try loop.runUntilComplete { try await loop.turns(3) } }
                try loop.close()
            }
        }
        isMade.wait()
        loop = try #require(made.value)
    }

    /// Closes the loop, after a few turns if it is to run first.
    func end(runsFirst: Bool = false) {
        runs.value = runsFirst
        mayEnd.open()
        thread.join()
    }
}
