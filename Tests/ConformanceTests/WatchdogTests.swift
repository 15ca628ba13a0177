import EventLoops
import Glibc
import Kernel
import Proactor
import ProactorTesting
import TestSupport
import Testing

/// Not in asyncio: code that blocks a loop is reported while it blocks.
///
/// The code blocks until it has been reported, so that no test depends on the speed of the machine.
extension Conformance {
    @Suite struct Watchdogs {
        private static let threshold = Duration.milliseconds(20)

        @Test(arguments: LoopKind.allCases)
        func callback_isReported_whileItBlocks(_ kind: LoopKind) async throws {
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
        func idleLoop_isNotReported_afterTheWatchdogWasSetInItsLastTurn(_ kind: LoopKind) async throws {
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
        func blockingTask_isReportedByName(_ kind: LoopKind) async throws {
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

        /// A typical start of a program.
        @Test(arguments: LoopKind.allCases)
        func codeThatJustSetTheWatchdog_isReported(_ kind: LoopKind) async throws {
            let reports = Reports()
            try await withLoop(kind) { loop, _ in
                let task = loop.createTask(name: "setter") {
                    try loop.setWatchdog(threshold: .milliseconds(100)) { reports.add($0) }
                    // Nothing runs here.
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
        func blockingProtocolMethod_isReportedByTypeOfProtocol(_ kind: LoopKind) async throws {
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
        func blockage_isReportedOnce_howeverLongItLasts(_ kind: LoopKind) async throws {
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

        /// The watchdog sleeps for as long as the loop does; the next code that the loop runs wakes it.
        @Test(arguments: LoopKind.allCases)
        func sleep_isNotReported_butABlockageAfterItIs(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                let reports = Reports()
                // Long enough for a busy machine.
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
        func report_isALogWarning_byDefault(_ kind: LoopKind) async throws {
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
                // The second watchdog replaces the first.
                for _ in 0..<5 { try loop.setWatchdog(threshold: .seconds(60)) { reports.add($0) } }
                blockUntil { Self.threads == 1 }
                try loop.close()
                blockUntil { Self.threads == 0 }
                expectLoopError(.closed) { try loop.setWatchdog(threshold: .seconds(1)) }
            }
        }

        /// The number of watchdog threads, by name; the kernel keeps only 15 characters of a name.
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
        func watchdog_isRefused_withInvalidArguments(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                expectLoopError(.invalidArgument) { try loop.setWatchdog(threshold: .zero) }
                expectLoopError(.invalidArgument) { try loop.setWatchdog(threshold: .seconds(-1)) }
                try await onThread { expectLoopError(.wrongThread) { try loop.setWatchdog(threshold: .seconds(1)) } }
            }
        }

        @Test(arguments: LoopKind.allCases)
        func loops_areWatchedIndependently(_ kind: LoopKind) async throws {
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

        /// The child starts no thread: the thread sanitizer forbids it in a forked child of a multithreaded process.
        @Test(arguments: LoopKind.allCases)
        func forkedChild_isRefused_andItsParentIsStillWatched(_ kind: LoopKind) async {
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
                #expect(status == 0, "the child failed with number \(status >> 8)")
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

/// The reports of a watchdog.
private final class Reports: Sendable {
    private let told = Locked<[BlockedCallback]>([])

    var all: [BlockedCallback] {
        told.value
    }

    func add(_ blocked: BlockedCallback) {
        told.update { $0.append(blocked) }
    }

    /// Blocks the calling thread until this number of reports has been made.
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
