import EventLoops
import Glibc
import Kernel
import Proactor
import ProactorTesting
import TestSupport
import Testing

/// Not asyncio's: what blocks a loop is told of while it does.
///
/// Code that is to be found blocks until it was found, so that no test depends on how fast the machine is.
extension Conformance {
    @Suite struct Watchdogs {
        private static let threshold = Duration.milliseconds(20)

        @Test(arguments: LoopKind.allCases)
        func callback_isToldOf_whileItBlocks(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                let reports = Reports()
                try loop.setWatchdog(threshold: Self.threshold) { reports.add($0) }
                loop.callSoon { reports.blockUntilTold(1) }
                try loop.turn()
                let first = try #require(reports.all.first)
                #expect(first.callback == "<Handle>")
                #expect(first.loop == (kind == .proactor ? "ProactorEventLoop" : "SelectorEventLoop"))
                #expect(first.duration >= Self.threshold)
                #expect(first.description.contains("<Handle> has been running for more than 0."))
                loop.debug = true
                let line = UInt(#line) + 1
                loop.callLater(.zero) { reports.blockUntilTold(2) }
                loop.slowCallbackDuration = .seconds(60)
                try loop.turn(2)
                #expect(reports.all.last?.callback == "<TimerHandle created at \(#fileID):\(line)>")
            }
        }

        @Test(arguments: LoopKind.allCases)
        func idleLoop_isNotToldOf_thoughTheWatchdogWasSetInItsLastTurn(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                let reports = Reports()
                loop.callSoon {
                    try loop.setWatchdog(threshold: Self.threshold) { reports.add($0) }
                    loop.stop()
                }
                try loop.runForever()
                block(Self.threshold * 4)
                #expect(reports.all.isEmpty)
            }
        }

        @Test(arguments: LoopKind.allCases)
        func task_isToldOf_byName(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let reports = Reports()
                let early = loop.createTask(name: "early") {
                    try await loop.sleep(for: .milliseconds(1))
                    reports.blockUntilTold(1)
                }
                try await loop.sleep(for: .zero)
                try loop.setWatchdog(threshold: Self.threshold) { reports.add($0) }
                try await early.value
                let late = loop.createTask(name: "late") { reports.blockUntilTold(2) }
                late.name = "renamed"
                try await late.value
                #expect(reports.all.map(\.callback) == ["<LoopTask early>", "<LoopTask renamed>"])
            }
        }

        /// The usual first lines of a program.
        @Test(arguments: LoopKind.allCases)
        func code_isToldOf_thatHasJustSetTheWatchdog(_ kind: LoopKind) async throws {
            let reports = Reports()
            try await withLoop(kind) { loop, _ in
                let task = loop.createTask(name: "setter") {
                    try loop.setWatchdog(threshold: .milliseconds(100)) { reports.add($0) }
                    // Here nothing runs.
                    try await loop.sleep(for: .milliseconds(400))
                    #expect(reports.all.isEmpty)
                    try loop.setWatchdog(threshold: Self.threshold) { reports.add($0) }
                    reports.blockUntilTold(1)
                }
                try loop.runUntilComplete(task)
                loop.callSoon {
                    try loop.setWatchdog(threshold: Self.threshold) { reports.add($0) }
                    reports.blockUntilTold(2)
                }
                try loop.turn()
            }
            #expect(reports.all.map(\.callback) == ["<LoopTask setter>", "a callback"])
        }

        @Test(arguments: LoopKind.allCases)
        func method_isToldOf_byTypeOfProtocol(_ kind: LoopKind) async throws {
            try await withLink(kind) { link in
                let reports = Reports()
                link.told.when = { if $0 == .data { reports.blockUntilTold(1) } }
                try link.loop.setWatchdog(threshold: Self.threshold) { reports.add($0) }
                try link.peer.send([1])
                try await link.told.wait { link.told.total == 1 }
                #expect(reports.all.map(\.callback) == ["StreamRecorder.dataReceived"])
            }
        }

        @Test(arguments: LoopKind.allCases)
        func blockage_isToldOnce_howeverLongItIs(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                let reports = Reports()
                try loop.setWatchdog(threshold: Self.threshold) { reports.add($0) }
                loop.callSoon {
                    reports.blockUntilTold(1)
                    block(Self.threshold * 6)
                }
                try loop.turn()
                #expect(reports.all.count == 1)
            }
        }

        /// The watchdog sleeps as long as the loop does, and is woken by what the loop runs next.
        @Test(arguments: LoopKind.allCases)
        func sleep_isNoBlockage_andWhatFollowsIsFound(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                let reports = Reports()
                // Long enough for a machine that is busy with something else.
                try loop.setWatchdog(threshold: .milliseconds(100)) { reports.add($0) }
                for round in 1...2 {
                    var found = -1
                    loop.callLater(.milliseconds(400)) {
                        found = reports.all.count
                        reports.blockUntilTold(round)
                        loop.stop()
                    }
                    try loop.runForever()
                    #expect(found == round - 1)
                }
            }
        }

        @Test(arguments: LoopKind.allCases)
        func report_isAWarningInTheLog_ifNobodyAsksForIt(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                try withLog { log in
                    try loop.setWatchdog(threshold: Self.threshold)
                    loop.callSoon { blockUntil { !log.lines.isEmpty } }
                    try loop.turn()
                    #expect(log.texts(.warning).first?.contains(" is blocked: <Handle> has been running") == true)
                    try loop.setWatchdog(threshold: nil)
                }
            }
        }

        @Test(arguments: LoopKind.allCases)
        func thread_ends_withTheWatchdogOrTheLoop(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                let reports = Reports()
                try loop.setWatchdog(threshold: Self.threshold) { reports.add($0) }
                blockUntil { Self.threads == 1 }
                try loop.setWatchdog(threshold: nil)
                blockUntil { Self.threads == 0 }
                loop.callSoon { block(Self.threshold * 4) }
                try loop.turn()
                #expect(reports.all.isEmpty)
                // One takes the place of the other.
                for _ in 0..<5 { try loop.setWatchdog(threshold: .seconds(60)) { reports.add($0) } }
                blockUntil { Self.threads == 1 }
                try loop.close()
                blockUntil { Self.threads == 0 }
                #expect(Self.threads == 0)
                expectLoopError(.closed) { try loop.setWatchdog(threshold: .seconds(1)) }
            }
        }

        /// How many threads of watchdogs there are; the kernel keeps 15 letters of a name.
        private static var threads: Int {
            guard let directory = opendir("/proc/self/task") else { return -1 }
            defer { closedir(directory) }
            var count = 0
            while let entry = readdir(directory) {
                let name = withUnsafeBytes(of: entry.pointee.d_name) {
                    String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
                }
                guard let file = fopen("/proc/self/task/\(name)/comm", "r") else { continue }
                defer { fclose(file) }
                var line = [CChar](repeating: 0, count: 64)
                if fgets(&line, 64, file) != nil, strncmp(line, "proactor-watchd", 15) == 0 { count += 1 }
            }
            return count
        }

        @Test(arguments: LoopKind.allCases)
        func watchdog_isRefused_whereItMakesNoSense(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                expectLoopError(.invalidArgument) { try loop.setWatchdog(threshold: .zero) }
                expectLoopError(.invalidArgument) { try loop.setWatchdog(threshold: .seconds(-1)) }
                try await onThread { expectLoopError(.wrongThread) { try loop.setWatchdog(threshold: .seconds(1)) } }
            }
        }

        @Test(arguments: LoopKind.allCases)
        func loops_areWatchedEachOnItsOwn(_ kind: LoopKind) async throws {
            @Sendable func watch(_ name: String) async throws -> [String] {
                try await onThread {
                    let reports = Reports()
                    let loop = try kind.make()
                    try loop.setWatchdog(threshold: Self.threshold) { reports.add($0) }
                    try loop.runUntilComplete(loop.createTask(name: name) { reports.blockUntilTold(1) })
                    try loop.close()
                    return reports.all.map(\.callback)
                }
            }
            async let one = watch("one")
            async let other = watch("other")
            let (left, right) = try await (one, other)
            #expect(left == ["<LoopTask one>"])
            #expect(right == ["<LoopTask other>"])
        }

        /// The child starts no thread: the thread sanitizer forbids that to children of processes with several.
        @Test(arguments: LoopKind.allCases)
        func child_isRefused_andItsParentStillWatched(_ kind: LoopKind) async {
            await #expect(processExitsWith: .success) { [kind] in
                let loop = try kind.make()
                let reports = Reports()
                try loop.setWatchdog(threshold: Self.threshold) { reports.add($0) }
                var child: Int32 = -1
                loop.callSoon {
                    reports.blockUntilTold(1)
                    child = forkProcess()
                }
                do { try loop.turn() } catch let error as EventLoopError where child == 0 {
                    _exit(error.code == .forkedChild ? Self.faultInTheChild(loop, kind) : 1)
                }
                if child == 0 { _exit(Self.faultInTheChild(loop, kind)) }
                var status: Int32 = -1
                #expect(waitpid(child, &status, 0) == child)
                #expect(status == 0, "the child found fault number \(status >> 8)")
                loop.callSoon { reports.blockUntilTold(2) }
                try loop.turn()
                try loop.close()
            }
        }

        private static func faultInTheChild(_ parents: any AbstractEventLoop, _ kind: LoopKind) -> Int32 {
            do {
                try parents.setWatchdog(threshold: nil)
                return 2
            } catch { if error.code != .forkedChild { return 3 } }
            guard let loop = try? kind.make() else { return 4 }
            do {
                var hasRun = false
                loop.callSoon { hasRun = true }
                try loop.turn()
                try loop.close()
                return hasRun ? 0 : 5
            } catch { return 6 }
        }
    }
}

/// What a watchdog has told.
private final class Reports: Sendable {
    private let told = Locked<[BlockedCallback]>([])

    var all: [BlockedCallback] {
        told.value
    }

    func add(_ blocked: BlockedCallback) {
        told.update { $0.append(blocked) }
    }

    /// Blocks the calling thread until so much was told.
    func blockUntilTold(_ count: Int, sourceLocation: SourceLocation = #_sourceLocation) {
        blockUntil(sourceLocation: sourceLocation) { self.all.count >= count }
    }
}

/// Blocks the calling thread until the condition holds.
private func blockUntil(sourceLocation: SourceLocation = #_sourceLocation, _ holds: () -> Bool) {
    let end = MonotonicClock.now() + 30_000_000_000
    while !holds() {
        guard MonotonicClock.now() < end else {
            Issue.record("blocked for half a minute", sourceLocation: sourceLocation)
            return
        }
        usleep(500)
    }
}
