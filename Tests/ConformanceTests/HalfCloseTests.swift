import EventLoops
import Kernel
import Proactor
import ProactorTesting
import TestSupport
import Testing

extension Conformance {
    /// One direction ends while the other continues.
    @Suite struct HalfClose {
        /// TRANSPORT-035.
        @Test(arguments: LoopKind.allCases)
        func transport_flushesAndCloses_onEndOfStream(_ kind: LoopKind) async throws {
            try await withLink(kind, receiveBuffer: 4096) { link in
                link.told.when = { [unowned told = link.told] in
                    if $0 == .eof { told.transport?.write(Pattern.bytes(4 << 20)) }
                }
                try link.peer.send([1])
                try link.peer.finishSending()
                let total = try await link.onPeer { try $0.receivePattern() }
                #expect(total == 4 << 20)
                try await link.told.waitUntilLost()
                #expect(link.told.conversation == [.made, .data, .eof, .lost])
                #expect(link.told.loss == nil)
            }
        }

        /// TRANSPORT-036 TRANSPORT-037.
        @Test(arguments: LoopKind.allCases)
        func transport_continuesToSend_ifTheProtocolKeepsItOpen(_ kind: LoopKind) async throws {
            try await withLink(kind) { link in
                link.told.disposition = .keepOpen
                try link.peer.finishSending()
                try await link.told.wait { link.told.count(.eof) == 1 }
                for number in 0..<5 {
                    try await link.loop.sleep(for: .milliseconds(5))
                    link.transport.write([UInt8(number)])
                    let answer = try await link.onPeer { try $0.receive(1) }
                    #expect(answer == [UInt8(number)])
                }
                #expect(link.told.events == [.made, .eof])
                #expect(!link.transport.isClosing && !link.transport.isReading)
                link.transport.close()
                try await link.told.waitUntilLost()
                #expect(link.told.events == [.made, .eof, .lost])
                let rest = try await link.onPeer { try $0.receiveAll() }
                #expect(rest == [])
            }
        }

        /// TRANSPORT-038.
        @Test(arguments: LoopKind.allCases)
        func writeEOF_flushesAndEndsOneDirection(_ kind: LoopKind) async throws {
            try await withLink(kind, receiveBuffer: 4096) { link in
                #expect(link.transport.canWriteEOF)
                link.transport.write(Pattern.bytes(4 << 20))
                link.transport.writeEOF()
                #expect(!link.transport.isClosing)
                let total = try await link.onPeer { try $0.receivePattern() }
                #expect(total == 4 << 20)
                for number in 0..<5 {
                    try link.peer.send([UInt8(number)])
                    try await link.told.wait { link.told.received.last == UInt8(number) }
                }
                #expect(!link.told.isLost)
                try link.peer.finishSending()
                try await link.told.waitUntilLost()
                #expect(link.told.conversation == [.made, .data, .eof, .lost])
            }
        }

        /// TRANSPORT-039.
        ///
        /// The call cannot throw, so the exception handler gets the error, which is a `RuntimeError` in asyncio.
        @Test(arguments: LoopKind.allCases)
        func write_isReportedAndDropped_afterWriteEOF(_ kind: LoopKind) async throws {
            try await withLink(kind) { link in
                link.transport.write([1])
                link.transport.writeEOF()
                link.transport.writeEOF()
                link.transport.write([2])
                link.transport.write([])
                let contexts = link.exceptions.take()
                #expect(contexts.count == 1)
                let error = contexts.first?.error as? EventLoopError
                #expect(error?.code == .invalidState)
                #expect(error?.operation == "write")
                #expect(error?.description.contains("after writeEOF") == true)
                #expect(contexts.first?.transport === link.transport)
                let all = try await link.onPeer { try $0.receiveAll() }
                #expect(all == [1])
                link.transport.close()
                link.transport.writeEOF()
                try await link.told.waitUntilLost()
                link.transport.writeEOF()
            }
        }

        /// TRANSPORT-036 TRANSPORT-038.
        ///
        /// Both directions end, in either order; only the user closes.
        @Test(arguments: LoopKind.allCases, [true, false])
        func connection_staysOpen_whenBothDirectionsHaveEnded(_ kind: LoopKind, peerFirst: Bool) async throws {
            try await withLink(kind) { link in
                link.told.disposition = .keepOpen
                if peerFirst { try link.peer.finishSending() } else { link.transport.writeEOF() }
                try await link.loop.sleep(for: .milliseconds(10))
                if peerFirst {
                    link.transport.write([1])
                    link.transport.writeEOF()
                } else {
                    try link.peer.send([1])
                    try link.peer.finishSending()
                }
                try await link.told.wait { link.told.count(.eof) == 1 }
                let all = try await link.onPeer { try $0.receiveAll() }
                #expect(all == (peerFirst ? [1] : []))
                try await link.loop.sleep(for: .milliseconds(10))
                #expect(!link.told.isLost)
                link.transport.close()
                try await link.told.waitUntilLost()
                #expect(link.told.loss == nil)
            }
        }

        /// TRANSPORT-038.
        ///
        /// Bytes and ends pass through two transports of one loop, and each sees the other's end.
        @Test(arguments: LoopKind.allCases)
        func halfClose_passesThroughAnEcho_inBothDirections(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let server = try await loop.createServer(host: "127.0.0.1", port: 0) {
                    let echo = EchoRecorder(loop)
                    echo.keepsBytes = false
                    return echo
                }
                let (transport, told) = try await loop.createConnection(host: "127.0.0.1", port: server.port) {
                    StreamRecorder(loop)
                }
                told.keepsBytes = false
                told.checksPattern = true
                transport.write(Pattern.bytes(16 << 20))
                transport.writeEOF()
                try await told.waitUntilLost()
                #expect(told.total == 16 << 20)
                #expect(told.firstWrong == nil)
                #expect(told.conversation == [.made, .data, .eof, .lost])
                server.close()
                try await server.waitClosed()
            }
        }
    }
}
