import EventLoops
import Glibc
import Kernel
import Proactor
import TestSupport
import Testing

extension Conformance {
    /// Signals in a process with several loops, or with children.
    @Suite struct SignalProcesses {
        /// SIGNAL-017: both loops are notified; one that removes its handler does not affect the other, in any order.
        @Test(arguments: LoopKind.allCases)
        func signal_reachesTheLoopsOfAllThreads(_ kind: LoopKind) async {
            await #expect(processExitsWith: .success) { [kind] in
                for firstLeaves in [true, false] {
                    try await withLoop(kind) { loop, _ in
                        let (isReady, mayLeave) = (Gate(), Gate())
                        let (mine, theirs) = (SharedCount(), SharedCount())
                        if firstLeaves { try loop.addSignalHandler(SIGUSR1) { mine.increment() } }
                        let other = HelperThread {
                            #expect(throws: Never.self) {
                                let other = try kind.make()
                                try other.addSignalHandler(SIGUSR1) { theirs.increment() }
                                isReady.open()
                                try other.turn { mayLeave.isOpen }
                                try other.close()
                            }
                        }
                        isReady.wait()
                        if !firstLeaves { try loop.addSignalHandler(SIGUSR1) { mine.increment() } }
                        raise(SIGUSR1)
                        try loop.turn { mine.value == 1 && theirs.value == 1 }
                        if firstLeaves {
                            #expect(try loop.removeSignalHandler(SIGUSR1))
                            setBlocked(SIGUSR1, false)
                            raise(SIGUSR1)
                            try loop.turn { theirs.value == 2 }
                            #expect(mine.value == 1)
                            mayLeave.open()
                            other.join()
                        } else {
                            mayLeave.open()
                            other.join()
                            raise(SIGUSR1)
                            try loop.turn { mine.value == 2 }
                            #expect(theirs.value == 1)
                            try loop.removeSignalHandler(SIGUSR1)
                        }
                        #expect(Disposition(of: SIGUSR1).isDefault)
                    }
                }
            }
        }

        /// SIGNAL-017: loops are made and closed on many threads while signals arrive.
        @Test(arguments: LoopKind.allCases)
        func loops_canBeMadeAndClosed_underSignals(_ kind: LoopKind) async {
            await #expect(processExitsWith: .success) { [kind] in
                try await withLoop(kind) { loop, _ in
                    var count = 0
                    try loop.addSignalHandler(SIGUSR1) { count += 1 }
                    let isOver = Gate()
                    let sender = HelperThread {
                        while !isOver.isOpen {
                            kill(getpid(), SIGUSR1)
                            usleep(50)
                        }
                    }
                    let others = (0..<3).map { _ in
                        HelperThread {
                            #expect(throws: Never.self) {
                                for _ in 0..<20 {
                                    let other = try kind.make()
                                    var hasCome = false
                                    try other.addSignalHandler(SIGUSR1) { hasCome = true }
                                    try other.turn { hasCome }
                                    try other.close()
                                }
                            }
                        }
                    }
                    for other in others { other.join() }
                    isOver.open()
                    sender.join()
                    try loop.turn { count > 0 }
                }
            }
        }

        /// SIGNAL-016: a signal that the parent's loop handles ends a forked child; the parent is not notified.
        @Test(arguments: LoopKind.allCases)
        func forkedChild_hasDefaultDispositions(_ kind: LoopKind) async {
            await #expect(processExitsWith: .success) { [kind] in
                try await withLoop(kind) { loop, _ in
                    try loop.addSignalHandler(SIGTERM) { Issue.record("the parent got the child's signal") }
                    let child = forkProcess()
                    if child == 0 {
                        while true { pause() }
                    }
                    kill(child, SIGTERM)
                    var status: Int32 = 0
                    #expect(waitpid(child, &status, 0) == child)
                    #expect(status & 0x7F == SIGTERM, "the signal that ended the child")
                    try loop.turn(2)
                }
            }
        }

        /// SIGNAL-016: an executed program has none of the loop's handlers, and its signal mask is unchanged.
        @Test(arguments: LoopKind.allCases)
        func executedProgram_hasDefaultDispositions_andBlocksNothing(_ kind: LoopKind) async {
            await #expect(processExitsWith: .success) { [kind] in
                try await withLoop(kind) { loop, _ in
                    for signal in [SIGTERM, SIGUSR1] { try loop.addSignalHandler(signal) {} }
                    let status = try statusOfAProgram()
                    #expect(status["SigCgt"] == 0)
                    let handled: UInt64 = 1 << UInt64(SIGTERM - 1) | 1 << UInt64(SIGUSR1 - 1)
                    #expect(try #require(status["SigBlk"]) & handled == 0)
                    #expect(try #require(status["SigIgn"]) & handled == 0)
                }
            }
        }

        /// SIGNAL-018: even if the program has restored the default action of SIGPIPE.
        @Test(arguments: LoopKind.allCases)
        func write_toABrokenConnection_doesNotEndTheProcess(_ kind: LoopKind) async {
            await #expect(processExitsWith: .success) { [kind] in
                signal(SIGPIPE, SIG_DFL)
                try await withLink(kind) { link in
                    link.transport.pauseReading()
                    link.peer.reset()
                    for _ in 0..<3 {
                        link.transport.writeLines([Array(repeating: 1, count: 20_000), [2]])
                        try await link.loop.sleep(for: .milliseconds(1))
                    }
                    try await link.told.wait { link.told.events.contains(.lost) }
                }
            }
        }

        /// SIGNAL-011: without a handler the loop does not see the signal.
        @Test(arguments: LoopKind.allCases)
        func interrupt_withoutAHandler_endsTheProcess(_ kind: LoopKind) async {
            await #expect(processExitsWith: .signal(SIGINT)) { [kind] in
                signal(SIGINT, SIG_DFL)
                try await withLoop(kind) { loop, _ in
                    setBlocked(SIGINT, false)
                    let sender = HelperThread {
                        block(.milliseconds(5))
                        kill(getpid(), SIGINT)
                    }
                    try loop.runForever()
                    sender.join()
                }
            }
        }
    }
}

/// The signal masks of a child program, as the kernel shows them.
private func statusOfAProgram() throws -> [String: UInt64] {
    var ends: [Int32] = [-1, -1]
    try #require(pipe(&ends) == 0)
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
    posix_spawn_file_actions_addclose(&actions, ends[0])
    var arguments: [UnsafeMutablePointer<CChar>?] = ["cat", "/proc/self/status"].map { (word: String) in strdup(word) }
    arguments.append(nil)
    defer { for argument in arguments { free(argument) } }
    var child: pid_t = 0
    try #require(posix_spawnp(&child, "cat", &actions, nil, &arguments, environ) == 0)
    close(ends[1])
    var text: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while true {
        let count = read(ends[0], &buffer, buffer.count)
        guard count > 0 else { break }
        text += buffer.prefix(count)
    }
    close(ends[0])
    var status: Int32 = 0
    #expect(waitpid(child, &status, 0) == child)
    var masks: [String: UInt64] = [:]
    for line in String(decoding: text, as: UTF8.self).split(separator: "\n") where line.hasPrefix("Sig") {
        let parts = line.split(separator: ":")
        masks[String(parts[0])] = UInt64(parts[1].drop { $0 == "\t" }, radix: 16)
    }
    return masks
}
