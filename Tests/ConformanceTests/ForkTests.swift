import EventLoops
import Glibc
import Kernel
import Proactor
import ProactorTesting
import TestSupport
import Testing

extension Conformance {
    /// A forked child has its parent's descriptors and a copy of its memory, but not its loops.
    @Suite struct Forking {
        /// POLICY-011.
        ///
        /// The child forks from a running loop with a connection, and may not touch the parent's ring: every use of the
        /// loop is refused, and the parent is not affected.
        @Test(arguments: LoopKind.allCases)
        func loopOfTheParent_isRefusedInTheChild_andUnharmed(_ kind: LoopKind) async {
            await #expect(processExitsWith: .success) { [kind] in
                try await withLink(kind) { link in
                    let child = forkProcess()
                    if child == 0 { _exit(Self.faultInTheChild(link, kind)) }
                    var status: Int32 = -1
                    #expect(waitpid(child, &status, 0) == child)
                    #expect(status == 0, "the child failed with number \(status >> 8)")
                    // Everything works as before the fork: both directions, and the loop's wake-up.
                    try link.peer.send([1, 2, 3])
                    try await link.told.wait { link.told.received == [1, 2, 3] }
                    link.transport.write([4])
                    link.transport.writeEOF()
                    let answer = try await link.onPeer { try $0.receiveAll() }
                    #expect(answer == [4], "bytes of the child arrived")
                }
            }
        }

        /// POLICY-011.
        ///
        /// A child that returns into the loop gets an error, and takes nothing from its parent.
        @Test(arguments: LoopKind.allCases)
        func child_getsAnError_whenItReturnsIntoTheLoop(_ kind: LoopKind) async {
            await #expect(processExitsWith: .success) { [kind] in
                let loop = try kind.make()
                setEventLoop(loop)
                let (socket, peer) = try RawPeer.pair()
                nonisolated(unsafe) var child: Int32 = -1
                nonisolated(unsafe) var received: [UInt8] = []
                do {
                    try loop.runUntilComplete {
                        let (_, told) = try await loop.createConnection(socket: socket) { StreamRecorder(loop) }
                        told.when = { if $0 == .data, child < 0 { child = forkProcess() } }
                        try peer.send([1])
                        try await told.wait { told.received.count == 1 }
                        try peer.send([2])
                        try await told.wait { told.received.count == 2 }
                        received = told.received
                    }
                } catch let error as EventLoopError where child == 0 {
                    let isRefused = error.code == .forkedChild && (try? getEventLoop()) == nil
                    _exit(isRefused ? 0 : 1)
                } catch {}
                if child == 0 { _exit(2) }
                var status: Int32 = -1
                #expect(waitpid(child, &status, 0) == child)
                #expect(status == 0, "the child's exit status")
                #expect(received == [1, 2])
                setEventLoop(nil)
                try loop.close()
                peer.close()
            }
        }

        /// Tries what a child may not do; returns 0 if all of it was refused.
        private static func faultInTheChild(_ link: Link<StreamRecorder>, _ kind: LoopKind) -> Int32 {
            let loop = link.loop
            if (try? getRunningLoop()) != nil { return 1 }
            if !loop.callSoon({ _exit(100) }).isCancelled { return 2 }
            guard isRefused({ try loop.callSoonThreadsafe { _exit(100) } }) else { return 3 }
            guard isRefused({ try loop.runForever() }), isRefused({ try loop.close() }) else { return 4 }
            link.transport.write([9])
            link.transport.pauseReading()
            link.transport.abort()
            if link.transport.isClosing || link.transport.writeBufferSize != 0 { return 5 }
            let contexts = link.exceptions.contexts
            guard contexts.allSatisfy({ ($0.error as? EventLoopError)?.code == .forkedChild }) else { return 6 }
            guard contexts.count == 4 else { return 7 }
            // The child may use a loop of its own.
            guard let own = try? kind.make() else { return 8 }
            let future = own.createFuture(of: Int.self)
            own.callLater(.milliseconds(1)) { try future.setResult(42) }
            guard (try? own.runUntilComplete(future)) == 42, (try? own.close()) != nil else { return 9 }
            return 0
        }

        private static func isRefused(_ use: () throws -> Void) -> Bool {
            do { try use() } catch {
                let error = error as? EventLoopError
                return error?.code == .forkedChild && error?.description.contains("fork()") == true
            }
            return false
        }
    }
}
