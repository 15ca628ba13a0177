import EventLoops
import Glibc
import Kernel
import Proactor
import ProactorLoop
import ProactorTesting
import TestSupport
import Testing
import Uring

extension Conformance {
    @Suite struct WatchingEnds {
        /// READER-009.
        @Test(arguments: LoopKind.allCases)
        func reader_mayRemoveItself(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                let pipe = try Pipe()
                pipe.write(1)
                var calls = 0
                try loop.addReader(pipe.readEnd) { () throws in
                    calls += 1
                    #expect(try loop.removeReader(pipe.readEnd))
                    #expect(try !loop.removeReader(pipe.readEnd))
                }
                try loop.turn(3)
                #expect(calls == 1)
            }
        }

        /// READER-009, READER-015.
        ///
        /// The event has arrived, and the callback is queued.
        @Test(arguments: LoopKind.allCases)
        func queuedCallback_doesNotRun_afterItsRemoval(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                let (first, second) = (try Pipe(), try Pipe())
                for pipe in [first, second] { pipe.write(1) }
                try loop.addReader(first.readEnd) { Issue.record("it ran") }
                // Scheduled first, so it runs before the events of the same turn.
                loop.callSoon { () throws in #expect(try loop.removeReader(first.readEnd)) }
                try loop.turn(2)
                // Two are ready, and each removes the other: one of them runs, whichever is first.
                var calls = 0
                for (mine, others) in [(first, second), (second, first)] {
                    try loop.addReader(mine.readEnd) {
                        calls += 1
                        #expect(try loop.removeReader(others.readEnd))
                        try loop.removeReader(mine.readEnd)
                    }
                }
                try loop.turn(3)
                #expect(calls == 1)
            }
        }

        /// READER-010.
        ///
        /// No stale event is reported, and closed files stay closed.
        @Test(arguments: LoopKind.allCases)
        func reusedNumber_getsNoStaleEvent(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                for isReady in [true, false] {
                    let (old, oldPeer) = try Socket.pair()
                    let fd = old.fileDescriptor
                    if isReady { Pipe.write(oldPeer.fileDescriptor, 1) }
                    try loop.addReader(fd) {}
                    try loop.turn(2)
                    // In flight, or reported in this turn and not yet handled.
                    loop.callSoon {
                        #expect(try loop.removeReader(fd))
                        old.close()
                        #expect(Pipe.read(oldPeer.fileDescriptor, 1) == (isReady ? -1 : 0), "the peer sees the end")
                        let idle = try Pipe()
                        let again = try duplicate(idle.readEnd, wanting: fd)
                        try loop.addReader(again) {
                            // Both ends of the pipe are open until here, so there is no event to report.
                            Issue.record("stale event for \(idle.readEnd)")
                        }
                        loop.callLater(.milliseconds(5)) { () throws in
                            #expect(try loop.removeReader(again))
                            close(again)
                        }
                    }
                    try loop.run(for: .milliseconds(20))
                    oldPeer.close()
                }
            }
        }

        /// READER-010, READER-011.
        ///
        /// The kernel releases the file before the removal returns, regardless of who closes the descriptor afterwards.
        @Test(arguments: LoopKind.allCases)
        func removal_leavesNoResidue(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                weak var held: Witness?
                do {
                    let (one, other) = try Socket.pair()
                    let witness = Witness()
                    held = witness
                    for round in 0..<300 {
                        try loop.addReader(one) { withExtendedLifetime(witness) {} }
                        try loop.addWriter(one) { withExtendedLifetime(witness) {} }
                        if round % 3 == 0 { try loop.turn() }
                        #expect(try loop.removeReader(one) && loop.removeWriter(one))
                    }
                    one.close()
                    #expect(Pipe.read(other.fileDescriptor, 1) == 0, "the peer sees the end at once")
                    other.close()
                }
                #expect(held == nil)
            }
        }

        /// READER-010.
        ///
        /// An idle loop still belongs to its owner.
        @Test(arguments: LoopKind.allCases)
        func removal_isRefusedOnAnotherThread_whileTheLoopIsIdle(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                let pipe = try Pipe()
                try loop.addReader(pipe.readEnd) { Issue.record("it ran") }
                try loop.turn()
                let end = pipe.readEnd
                HelperThread { expectLoopError(.wrongThread) { try loop.removeReader(end) } }.join()
                #expect(try loop.removeReader(end))
                pipe.write(1)
                try loop.turn(3)
            }
        }

        /// READER-012.
        ///
        /// For a socket and a pipe.
        @Test(arguments: LoopKind.allCases)
        func hangUp_callsReadersAndWriters(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                let (one, other) = try Socket.pair()
                let (input, output) = (try Pipe(), try Pipe())
                var ends: [Int] = []
                for fd in [one.fileDescriptor, input.readEnd] {
                    try loop.addReader(fd) {
                        ends.append(Pipe.read(fd, 8))
                        try loop.removeReader(fd)
                    }
                }
                _ = output.fill()
                try loop.addWriter(output.writeEnd) {
                    let count = Glibc.write(output.writeEnd, "x", 1)
                    #expect(count == -1 && errno == EPIPE)
                    ends.append(2)
                    try loop.removeWriter(output.writeEnd)
                }
                try loop.turn(2)
                #expect(ends == [])
                other.close()
                input.closeWriteEnd()
                output.closeReadEnd()
                try loop.turn(3)
                #expect(ends.sorted() == [0, 0, 2])
            }
        }

        /// READER-016.
        ///
        /// The refused call leaves nothing.
        @Test(arguments: LoopKind.allCases)
        func closedDescriptor_isRefused(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                // Higher than any number that concurrent tests use.
                let closed: Int32 = 987
                let error = #expect(throws: EventLoopError.self) { try loop.addReader(closed) {} }
                #expect(error?.code == .system && error?.errno == .badFileDescriptor)
                expectLoopError(.system) { try loop.addWriter(closed) {} }
                #expect(try !loop.removeReader(closed))
                #expect(try !loop.removeWriter(closed))
                try loop.turn(2)
            }
        }

        /// READER-016.
        ///
        /// The descriptor is closed without the loop's knowledge: a ring reports it once, and the watch ends.
        @Test(arguments: LoopKind.onRing)
        func descriptorClosedWhileWatched_isReportedOnce(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, recorder in
                let pipe = try Pipe()
                let fd = pipe.readEnd
                try loop.addReader(fd) {}
                try loop.turn()
                pipe.write(1)
                pipe.closeReadEnd()
                try loop.turn(4)
                let told = recorder.take()
                #expect(told.compactMap { ($0.error as? EventLoopError)?.errno } == [.badFileDescriptor])
                #expect(told.first?.socket == fd)
                #expect(try !loop.removeReader(fd))
            }
        }

        /// READER-010.
        ///
        /// The descriptor was closed while it was watched, and its number now belongs to a connection.
        @Test(arguments: LoopKind.allCases, [false, true])
        func connection_withANumberThatIsStillWatched_isServed(_ kind: LoopKind, isForWriting: Bool) async throws {
            try await runLoop(kind) { loop, _ in
                let listener = try RawListener()
                defer { listener.close() }
                let pipe = try Pipe()
                let left = isForWriting ? pipe.writeEnd : pipe.readEnd
                if isForWriting { try loop.addWriter(left) {} } else { try loop.addReader(left) {} }
                try await loop.turns()
                if isForWriting { pipe.closeWriteEnd() } else { pipe.closeReadEnd() }
                let (transport, told) = try await loop.createConnection(host: "127.0.0.1", port: listener.port) {
                    StreamRecorder(loop)
                }
                let peer = try listener.accept()
                defer { peer.close() }
                try peer.send([1, 2, 3])
                try await told.wait { told.received == [1, 2, 3] }
                transport.close()
                try await told.waitUntilLost()
                // Where another thread took the number, the watch is still there.
                if isForWriting { try loop.removeWriter(left) } else { try loop.removeReader(left) }
            }
        }

        #if DEBUG
            /// READER-001.
            ///
            /// The poll is cancelled, or the kernel has no memory for it.
            @Test(arguments: LoopKind.onRing)
            func pollThatFails_isSubmittedAgain_orReported(_ kind: LoopKind) async throws {
                try await withLoop(kind) { loop, recorder in
                    let pipe = try Pipe()
                    pipe.write(1)
                    let plan = FaultPlan()
                    plan.inject(.refuse(.canceled), into: .poll, .number(1))
                    plan.inject(.refuse(.noMemory), into: .poll, .number(3))
                    (loop as? ProactorEventLoop)?.driver.ring.faults = plan
                    var calls = 0
                    try loop.addReader(pipe.readEnd) { calls += 1 }
                    try loop.turn(4)
                    #expect(plan.strikes == 2)
                    #expect(calls == 1)
                    #expect(recorder.take().compactMap { ($0.error as? EventLoopError)?.errno } == [.noMemory])
                    #expect(try !loop.removeReader(pipe.readEnd))
                }
            }
        #endif

        /// READER-017.
        @Test(arguments: LoopKind.allCases)
        func errorOfAReader_isReported_andTheReaderStays(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, recorder in
                let pipe = try Pipe()
                pipe.write(1)
                var calls = 0
                try loop.addReader(pipe.readEnd) {
                    calls += 1
                    throw Mishap(number: calls)
                }
                try loop.turn(2)
                let told = recorder.take()
                #expect(told.compactMap { $0.error as? Mishap } == [Mishap(number: 1), Mishap(number: 2)])
                #expect(told.allSatisfy { $0.handle != nil && $0.message == "Exception in callback" })
                #expect(try loop.removeReader(pipe.readEnd))
            }
        }

        /// READER-018.
        ///
        /// The result type is `Void`, asyncio's None.
        @Test(arguments: LoopKind.allCases)
        func adding_returnsNothing(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                let pipe = try Pipe()
                let nothing: Void = try loop.addReader(pipe.readEnd) {}
                let nothingElse: Void = try loop.addWriter(pipe.writeEnd) {}
                _ = (nothing, nothingElse)
                #expect(try loop.removeReader(pipe.readEnd) && loop.removeWriter(pipe.writeEnd))
            }
        }

        /// READER-019, LOOP-020.
        ///
        /// Closing releases what callbacks capture, whether they are queued or not.
        @Test(arguments: LoopKind.allCases)
        func closingTheLoop_releasesAllCallbacks(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                let (busy, idle) = (try Pipe(), try Pipe())
                busy.write(1)
                weak var held: Witness?
                do {
                    let witness = Witness()
                    held = witness
                    for fd in [busy.readEnd, idle.readEnd] {
                        try loop.addReader(fd) { withExtendedLifetime(witness) {} }
                    }
                    try loop.addWriter(idle.writeEnd) { withExtendedLifetime(witness) {} }
                }
                try loop.turn(2)
                #expect(held != nil)
                try loop.close()
                #expect(held == nil)
                for fd in [busy.readEnd, idle.writeEnd, -1, 987] {
                    #expect(try !loop.removeReader(fd) && !loop.removeWriter(fd))
                }
                expectLoopError(.closed) { try loop.addReader(busy.readEnd) {} }
                expectLoopError(.closed) { try loop.addWriter(idle.writeEnd) {} }
                // The kernel has released the file, too.
                idle.closeReadEnd()
                #expect(Glibc.write(idle.writeEnd, "x", 1) == -1 && errno == EPIPE)
            }
        }

        /// READER-001.
        ///
        /// A loop is used on its own thread.
        @Test(arguments: LoopKind.allCases)
        func watching_isRefused_onAnotherThread(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                HelperThread {
                    expectLoopError(.wrongThread) { try loop.addReader(0) {} }
                    expectLoopError(.wrongThread) { try loop.removeWriter(0) }
                }.join()
            }
        }
    }
}
