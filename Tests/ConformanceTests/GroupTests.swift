import EventLoops
import Glibc
import Kernel
import Proactor
import TestSupport
import Testing

extension Conformance {
    /// Several loops, each on a thread of its own.
    @Suite struct Groups {
        @Test(arguments: LoopKind.allCases)
        func group_runsEachLoop_onAThreadOfItsOwn(_ kind: LoopKind) async throws {
            try await withGroup([kind, kind, kind]) { group, _ in
                #expect(group.loops.count == 3)
                var threads: Set<String> = []
                for loop in group.loops {
                    let name = try await loop.runCoroutineThreadsafe {
                        let running = try getRunningLoop()
                        #expect(running === loop && loop.isRunning)
                        #expect(group.any === loop)
                        return ThreadNames.current
                    }
                    threads.insert(name)
                }
                #expect(threads == ["group-0", "group-1", "group-2"])
            }
        }

        @Test func next_returnsTheLoopsInTurn_andLeastLoadedTheIdleOne() async throws {
            let kind = LoopKind.allCases[0]
            try await withGroup([kind, kind]) { group, _ in
                let four = (0..<4).map { _ in ObjectIdentifier(group.next()) }
                #expect(four[0] == four[2] && four[1] == four[3] && four[0] != four[1])
                let busy = group.loops[0]
                let (one, other) = try Socket.pair()
                let record = SharedRecord()
                _ = try await busy.runCoroutineThreadsafe {
                    try await busy.createConnection(socket: one) { record.make() }.0
                }
                for _ in 0..<4 { #expect(group.leastLoaded === group.loops[1]) }
                other.close()
                try await eventually("the connection ends") { record.events.contains(.eof) }
                try busy.callSoonThreadsafe { record.transport?.close() }
                try await eventually("the connection is lost") { record.isLost }
            }
        }

        @Test func pinnedLoops_haveOneProcessorEach_andThreadsTheyStartHaveAll() async throws {
            let all = ThreadAffinity.usableProcessors
            let group = try await onThread {
                try EventLoopGroup(loops: 3, pinned: true, loopFactory: { try LoopKind.epoll.make() })
            }
            for loop in group.loops {
                let (own, elsewhere) = try await loop.runCoroutineThreadsafe {
                    (allowedProcessors(), try await loop.toThread { allowedProcessors() })
                }
                #expect(own == 1)
                #expect(elsewhere == all)
                #expect(ThreadAffinity.usableProcessors == all)
            }
            try await group.shutdown()
        }

        @Test func factoryThatThrows_endsTheOtherThreads() async throws {
            let before = OpenSockets.open()
            let (made, tries) = (Locked<[any AbstractEventLoop]>([]), SharedCount())
            await #expect(throws: Mishap(number: 2)) {
                try await onThread {
                    _ = try EventLoopGroup(loops: 3) {
                        if tries.increment() == 2 { throw Mishap(number: 2) }
                        let loop = try LoopKind.epoll.make()
                        made.update { $0.append(loop) }
                        return loop
                    }
                }
            }
            try await eventually("the others are closed") { made.value.count == 2 && made.value.allSatisfy(\.isClosed) }
            #expect(OpenSockets.left(since: before) == [])
            await expectLoopErrorLater(.invalidArgument) {
                try await onThread { try EventLoopGroup(loops: 0) { try LoopKind.epoll.make() } }
            }
        }

        @Test(arguments: LoopKind.allCases)
        func shutdown_cancelsAndAwaitsTasks_andClosesTheLoops(_ kind: LoopKind) async throws {
            try await withGroup([kind, kind]) { group, _ in
                let (begun, ended) = (SharedCount(), SharedCount())
                for loop in group.loops {
                    try loop.callSoonThreadsafe {
                        loop.createTask {
                            begun.increment()
                            do { try await loop.sleep(for: .seconds(3600)) } catch {
                                await Task.yield()
                                ended.increment()
                            }
                        }
                        // Has no effect: the group decides when its loops end.
                        loop.stop()
                    }
                }
                try await eventually("the tasks run") { begun.value == 2 }
                let loop = group.loops[0]
                await expectLoopErrorLater(.invalidState) {
                    try await loop.runCoroutineThreadsafe { try await group.shutdown() }
                }
                try await group.shutdown()
                #expect(ended.value == 2)
                #expect(group.loops.allSatisfy { $0.isClosed } && group.failures.isEmpty)
                try await group.shutdown()
                #expect(throws: EventLoopError.self) { try loop.callSoonThreadsafe {} }
            }
        }

        @Test func shutdown_reportsTasksThatIgnoreTheirCancellation() async throws {
            let group = try await onThread { try EventLoopGroup(loops: 2) { try LoopKind.allCases[0].make() } }
            let isOver = Gate()
            let begun = SharedCount()
            let loop = group.loops[1]
            try loop.callSoonThreadsafe {
                loop.createTask(name: "stubborn") {
                    begun.increment()
                    while !isOver.isOpen {
                        try? await loop.sleep(for: .milliseconds(1))
                        // A closed loop refuses to sleep.
                        await Task.yield()
                    }
                }
            }
            try await eventually("the task runs") { begun.value == 1 }
            let error = try await loopError { try await group.shutdown(deadline: .milliseconds(20)) }
            isOver.open()
            #expect(error.code == .timedOut && "\(error)".contains("stubborn"), "\(error)")
            #expect(group.loops.allSatisfy { $0.isClosed })
        }

        /// A loop that is blocked in a callback cannot be ended; the shutdown returns nevertheless.
        @Test func blockedLoop_isReported_whenTheDeadlineHasPassed() async throws {
            let (mayEnd, isBlocked) = (Gate(), Gate())
            let group = try await onThread { try EventLoopGroup(loops: 2) { try LoopKind.allCases[0].make() } }
            let loop = group.loops[1]
            try loop.callSoonThreadsafe {
                isBlocked.open()
                mayEnd.wait()
            }
            isBlocked.wait()
            let error = try await loopError { try await group.end(.zero, .milliseconds(50)) }
            mayEnd.open()
            #expect(error.code == .timedOut && error.detail.hasSuffix("loop-1"), "\(error)")
            try await eventually("it ends later") { loop.isClosed }
            try await group.shutdown()
        }

        @Test func releasedGroup_endsItsLoops_andWarns() async throws {
            let kind = LoopKind.allCases[0]
            let loops = try await onThread {
                try withLog { log in
                    var group: EventLoopGroup? = try EventLoopGroup(loops: 2) { try kind.make() }
                    let loops = group!.loops
                    group = nil
                    #expect(log.texts(.warning).contains { $0.contains("unclosed event loop group") })
                    return loops
                }
            }
            try await eventually("the loops are closed") { loops.allSatisfy(\.isClosed) }
        }

        #if DEBUG
            /// A loop that cannot wait in the kernel.
            @Test(arguments: LoopKind.allCases)
            func failedLoop_isReported_andNotChosenAnyMore(_ kind: LoopKind) async throws {
                let exceptions = GroupExceptions()
                let group = try await onThread {
                    try EventLoopGroup(loops: 2) {
                        let loop = try kind.make()
                        exceptions.attach(to: loop)
                        return loop
                    }
                }
                let server = try await group.createServer(
                    host: "127.0.0.1", port: 0, distribution: .roundRobin
                ) { SharedRecord().make() }
                let broken = group.loops[1]
                try broken.callSoonThreadsafe { LoopFaults(broken).inject(.refuse(.badAddress), into: .wait, 1) }
                try await eventually("the loop is closed") { broken.isClosed && !group.failures.isEmpty }
                #expect(exceptions.take().contains { $0.contains("The run of loop-1 has failed") })
                for _ in 0..<4 { #expect(group.next() === group.loops[0] && group.leastLoaded === group.loops[0]) }
                // The remaining loops serve all connections.
                let peers = try (0..<4).map { _ in try RawPeer.connect(try #require(server.port)) }
                try await eventually("all are accepted") { server.connectionCounts == [4, 0] }
                for peer in peers { peer.close() }
                let error = try await loopError { try await group.shutdown() }
                #expect(error.errno == .badAddress)
            }
        #endif
    }
}

/// The number of processors on which the calling thread may run.
func allowedProcessors() -> Int {
    let text = threadStatus("Cpus_allowed:")
    return text.reduce(0) { $0 + (Int(String($1), radix: 16)?.nonzeroBitCount ?? 0) }
}

/// A line of the calling thread's status in `/proc`.
private func threadStatus(_ title: String) -> String {
    guard let file = fopen("/proc/thread-self/status", "r") else { return "" }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 4096)
    while fgets(&line, Int32(line.count), file) != nil {
        let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        guard text.hasPrefix(title) else { continue }
        return String(text.dropFirst(title.count).filter { !$0.isWhitespace })
    }
    return ""
}
