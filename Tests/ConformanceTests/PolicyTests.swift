import EventLoops
import Glibc
import Kernel
import Proactor
import ProactorTesting
import SelectorLoop
import TestSupport
import Testing

extension Conformance {
    @Suite struct Policies {
        /// POLICY-005, POLICY-008: a policy has its own loops, on every thread, and releases them when it is released.
        @Test(arguments: LoopKind.allCases)
        func policy_retainsItsOwnLoops_untilItIsReleased(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                let kept = WeakLoop()
                let other = DefaultEventLoopPolicy()
                var policy: DefaultEventLoopPolicy? = DefaultEventLoopPolicy()
                try {
                    let made = try kind.make()
                    kept.loop = made
                    policy?.setEventLoop(made)
                    try made.close()
                }()
                other.setEventLoop(loop)
                #expect(try policy?.getEventLoop() === kept.loop)
                #expect(try other.getEventLoop() === loop)
                #expect(kept.loop != nil)
                policy = nil
                #expect(kept.loop == nil)
                #expect(try other.getEventLoop() === loop)
            }
        }

        /// POLICY-007.
        @Test func newEventLoop_returnsAnIdleOpenLoop_andDoesNotSetIt() async throws {
            try await onThread {
                try restoringThePolicy {
                    for policy in [nil, RecordingPolicy(.poll)] as [(any EventLoopPolicy)?] {
                        setEventLoopPolicy(policy)
                        let loops = [try newEventLoop(), try newEventLoop()]
                        defer { for loop in loops { #expect(throws: Never.self) { try loop.close() } } }
                        #expect(loops[0] !== loops[1])
                        for loop in loops {
                            #expect(!loop.isClosed)
                            #expect(!loop.isRunning)
                            let value = try loop.runUntilComplete { 3 }
                            #expect(value == 3)
                            if policy != nil { #expect(loop.backend == .poll) }
                        }
                        expectLoopError(.notRunning) { try getEventLoop() }
                    }
                }
            }
        }

        /// POLICY-007.
        ///
        /// Runs in a process of its own, because other tests read the environment meanwhile.
        @Test func newEventLoop_ofTheDefaultPolicy_followsTheEnvironmentVariable() async {
            await #expect(processExitsWith: .success) {
                let hasRing = LoopKind.allCases.contains(.proactor)
                let backends: [LoopBackend] = (hasRing ? [.ioUring] : []) + [.epoll, .poll, .select]
                for backend in backends {
                    setenv("PROACTOR_BACKEND", backend.rawValue, 1)
                    for make in [{ try newEventLoop() }, { try DefaultEventLoopPolicy().newEventLoop() }] {
                        let loop = try make()
                        #expect(loop.backend == backend)
                        try loop.close()
                    }
                }
                setenv("PROACTOR_BACKEND", "kqueue", 1)
                expectLoopError(.invalidArgument) { try newEventLoop() }
                for name in ["auto", ""] {
                    setenv("PROACTOR_BACKEND", name, 1)
                    let loop = try newEventLoop()
                    #expect(loop.backend == (hasRing ? .ioUring : .epoll))
                    try loop.close()
                }
            }
        }

        /// POLICY-008.
        @Test func getEventLoopPolicy_isTheSame_untilAnotherIsSet() async throws {
            try await onThread {
                restoringThePolicy {
                    let usual = getEventLoopPolicy()
                    #expect(usual is DefaultEventLoopPolicy)
                    #expect(getEventLoopPolicy() === usual)
                    let policy = RecordingPolicy(.epoll)
                    setEventLoopPolicy(policy)
                    #expect(getEventLoopPolicy() === policy)
                    HelperThread { #expect(getEventLoopPolicy() === policy, "another thread") }.join()
                    setEventLoopPolicy(nil)
                    let restored = getEventLoopPolicy()
                    #expect(restored is DefaultEventLoopPolicy)
                    #expect(getEventLoopPolicy() === restored)
                }
            }
        }

        /// POLICY-008: nil installs a new default policy, with no loop set.
        @Test(arguments: LoopKind.allCases)
        func setEventLoopPolicy_forgetsTheLoopsOfTheFormerPolicy(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                try restoringThePolicy {
                    setEventLoopPolicy(nil)
                    setEventLoop(loop)
                    let found = try getEventLoop()
                    #expect(found === loop)
                    setEventLoopPolicy(nil)
                    expectLoopError(.notRunning) { try getEventLoop() }
                }
            }
        }

        /// POLICY-008: many threads get the policy while it is replaced, and each policy's deinit gets it, too.
        @Test func policy_mayBeReplaced_whileOtherThreadsUseIt() async throws {
            try await onThread {
                restoringThePolicy {
                    let isOver = Gate()
                    let asked = SharedCount()
                    let ended = SharedCount()
                    let readers = (0..<4).map { _ in
                        HelperThread {
                            while !isOver.isOpen {
                                expectLoopError(.notRunning) { try getEventLoopPolicy().getEventLoop() }
                                asked.increment()
                            }
                        }
                    }
                    for _ in 0..<500 {
                        setEventLoopPolicy(
                            RecordingPolicy(.poll, hasNone: true) {
                                _ = getEventLoopPolicy()
                                ended.increment()
                            })
                        setEventLoopPolicy(nil)
                    }
                    let deadline = MonotonicClock.now() + 10_000_000_000
                    while asked.value < 100, MonotonicClock.now() < deadline { block(.milliseconds(1)) }
                    isOver.open()
                    for reader in readers { reader.join() }
                    #expect(asked.value >= 100)
                    #expect(ended.value == 500)
                }
            }
        }

        /// POLICY-010.
        @Test(arguments: LoopKind.allCases)
        func customPolicy_isUsedByEveryFreeFunction(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                try restoringThePolicy {
                    let policy = RecordingPolicy(kind)
                    setEventLoopPolicy(policy)
                    let made = try newEventLoop()
                    defer { #expect(throws: Never.self) { try made.close() } }
                    #expect(policy.hasMade(made))
                    setEventLoop(loop)
                    #expect(policy.current === loop)
                    let found = try getEventLoop()
                    #expect(found === loop)
                    setEventLoop(nil)
                    #expect(policy.current == nil)
                    expectLoopError(.notRunning) { try getEventLoop() }
                }
            }
        }

        /// POLICY-010.
        @Test(arguments: LoopKind.allCases)
        func run_usesThePolicysLoop_unlessItHasAFactory(_ kind: LoopKind) async throws {
            try await onThread {
                let before = OpenSockets.open()
                try restoringThePolicy {
                    let policy = RecordingPolicy(kind)
                    setEventLoopPolicy(policy)
                    let used: any AbstractEventLoop = try run { loop in
                        #expect(loop.isRunning)
                        let found = try getEventLoop()
                        #expect(found === loop)
                        return loop
                    }
                    #expect(policy.hasMade(used))
                    #expect(used.isClosed)
                    let own = try kind.make()
                    let other = try run(loopFactory: { own }, { loop in loop })
                    #expect(other === own)
                    #expect(policy.count == 1)
                    // `run` rethrows the policy's error.
                    setEventLoopPolicy(RecordingPolicy(kind, hasNone: true))
                    expectLoopError(.notSupported) { try run { _ in } }
                }
                #expect(OpenSockets.left(since: before) == [], "descriptors left open")
            }
        }

        /// POLICY-014: the other suites, which run on each kind of loop, cover the rest.
        @Test(arguments: Selector.allCases)
        func selectorLoop_usesTheGivenSelector(_ selector: Selector) async throws {
            try await onThread {
                let before = OpenSockets.open()
                let loop = try SelectorEventLoop(selector: selector)
                defer { #expect(throws: Never.self) { try loop.close() } }
                #expect(loop.backend.rawValue == selector.rawValue)
                #expect(loop.description.contains(selector.description))
                try loop.runUntilComplete { try await echo(on: loop, lines: 100) }
                try loop.close()
                #expect(OpenSockets.left(since: before) == [], "descriptors left open")
            }
        }

        /// POLICY-014.
        @Test func selectorLoop_usesEpoll_byDefault() async throws {
            try await onThread {
                let loop = try SelectorEventLoop()
                defer { #expect(throws: Never.self) { try loop.close() } }
                #expect(loop.backend == .epoll)
                let value = try loop.runUntilComplete { 1 }
                #expect(value == 1)
            }
        }
    }
}

/// Sends lines to a server of the loop and back, while another thread wakes the loop.
private func echo(on loop: any AbstractEventLoop, lines: Int) async throws {
    let server = try await loop.startServer(host: "127.0.0.1", port: 0) { reader, writer in
        for try await line in reader.lines {
            writer.write(line)
            try await writer.drain()
        }
    }
    let woken = loop.createFuture(of: Void.self)
    let helper = HelperThread {
        block(.milliseconds(5))
        #expect(throws: Never.self) { try loop.callSoonThreadsafe { try woken.setResult(()) } }
    }
    let (reader, writer) = try await loop.openConnection(host: "127.0.0.1", port: server.port)
    for number in 0..<lines {
        writer.write("\(number)\n")
        let line = try await reader.readLine()
        #expect(text(line) == "\(number)\n")
    }
    try await woken.value
    helper.join()
    writer.close()
    try await writer.waitClosed()
    server.close()
    try await server.waitClosed()
}
