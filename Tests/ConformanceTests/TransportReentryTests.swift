import EventLoops
import Proactor
import ProactorTesting
import TestSupport
import Testing

extension Conformance {
    /// A protocol may call any method of its transport within any upcall.
    @Suite struct TransportReentry {
        private enum Action: CaseIterable {
            case write
            case writeMuch
            case writeEOF
            case pauseAndResume
            case resumeAndPauseAndResume
            case limits
            case sameProtocol
            case close
            case writeAndClose
            case abort
            case writeAndAbort

            func perform(_ transport: any StreamTransport, _ told: ProtocolRecorder) throws {
                switch self {
                case .write: transport.write([0xFF])
                case .writeMuch: transport.write(Array(repeating: 0xFF, count: 100_000))
                case .writeEOF: transport.writeEOF()
                case .pauseAndResume:
                    transport.pauseReading()
                    transport.resumeReading()
                case .resumeAndPauseAndResume:
                    transport.resumeReading()
                    transport.pauseReading()
                    transport.resumeReading()
                case .limits: try transport.setWriteBufferLimits(high: 10, low: 5)
                case .sameProtocol: try transport.setProtocol(told)
                case .close: transport.close()
                case .writeAndClose:
                    transport.write([0xFF])
                    transport.close()
                case .abort: transport.abort()
                case .writeAndAbort:
                    transport.write([0xFF])
                    transport.abort()
                }
            }
        }

        private static let moments: [ProtocolRecorder.Event] = [.made, .data, .eof, .pause, .resume, .lost]

        private static func converse<P: ProtocolRecorder>(
            _ kind: LoopKind, _ make: @escaping @Sendable (any AbstractEventLoop) -> P, _ action: Action,
            at moment: ProtocolRecorder.Event
        ) async throws {
            let acting: @Sendable (any AbstractEventLoop) -> P = { loop in
                let told = make(loop)
                var left = 3
                told.when = { [unowned told] event in
                    if event == .made { told.transport?.write(Pattern.bytes(200_000)) }
                    guard event == moment, left > 0, let transport = told.transport else { return }
                    left -= 1
                    #expect(throws: Never.self) { try action.perform(transport, told) }
                }
                return told
            }
            try await withLink(kind, acting) { link in
                let received = link.startPeer { peer in
                    // Whether the peer may still send depends on what the other end did.
                    for start in stride(from: 0, to: 40_000, by: 1000) {
                        try? peer.send(Pattern.bytes(1000, at: start))
                    }
                    try? peer.finishSending()
                    return (try? peer.receiveAll()) ?? []
                }
                try await link.told.wait(atMost: .seconds(20)) { link.told.isLost }
                let sent = try await received.value
                expectSame(Array(sent.prefix(200_000)), Pattern.bytes(min(sent.count, 200_000)))
                expectSame(link.told.received, Pattern.bytes(link.told.total))
                #expect(link.told.conversation.first == .made && link.told.conversation.last == .lost)
                // After `writeEOF` a transport reports writes, as it should.
                let errors = link.exceptions.take().compactMap { $0.error as? EventLoopError }
                #expect(errors.allSatisfy { $0.code == .invalidState })
            }
        }

        /// PROTO-001 PROTO-004 TRANSPORT-018 SERVER-041.
        @Test(arguments: LoopKind.allCases)
        func streamProtocol_mayCallAnything_withinUpcalls(_ kind: LoopKind) async throws {
            for moment in Self.moments {
                for action in Action.allCases { try await Self.converse(kind, StreamRecorder.init, action, at: moment) }
            }
        }

        /// BUFPROTO-001 PROTO-004.
        @Test(arguments: LoopKind.allCases)
        func bufferedProtocol_mayCallAnything_withinUpcalls(_ kind: LoopKind) async throws {
            for moment in Self.moments {
                for action in Action.allCases {
                    try await Self.converse(kind, BufferedRecorder.sized(3000), action, at: moment)
                }
            }
        }
    }
}
