import Glibc
import Kernel
import Polling
import TestSupport
import Testing

extension Pollers {
    /// How long waits last, and what their body may do.
    @Suite struct WaitTests {
        @Test(arguments: PollerKind.allCases, [0, 300_000, 15_000_000] as [Int64])
        func timeout_neverEndsEarly(_ kind: PollerKind, _ timeout: Int64) throws {
            try withPoller(kind) { poller in
                let ends = try Ends.sockets()
                try poller.change(ends.left, from: .none, to: .readable, tag: 1)
                let waits = try (0..<20).map { _ in try poller.timedEvents(within: timeout) }
                let times = waits.map(\.time)
                #expect(waits.flatMap(\.events) == [])
                #expect(times.allSatisfy { $0 >= timeout }, "\(times)")
                // Compares the shortest of several, because the machine may be busy.
                #expect(try #require(times.min()) < timeout + 10_000_000)
            }
        }

        @Test(arguments: PollerKind.allCases)
        func wait_returnsTheNumberOfEvents(_ kind: PollerKind) throws {
            try withPoller(kind) { poller in
                let ends = try Ends.sockets()
                try poller.change(ends.left, from: .none, to: .readable, tag: 1)
                try poller.change(ends.right, from: .none, to: .writable, tag: 2)
                #expect(try poller.wait(0) { _, _ in } == 1)
                write(ends.right, [7], 1)
                #expect(try poller.wait(0) { _, _ in } == 2)
                try poller.change(ends.left, from: .readable, to: .none, tag: 1)
                try poller.change(ends.right, from: .writable, to: .none, tag: 2)
                #expect(try poller.wait(0) { _, _ in } == 0)
            }
        }

        @Test(arguments: PollerKind.allCases)
        func wait_endsEarly_ifADescriptorBecomesReady(_ kind: PollerKind) throws {
            try withPoller(kind) { poller in
                let ends = try Ends.sockets()
                try poller.change(ends.left, from: .none, to: .readable, tag: 1)
                let right = ends.right
                try withThread {
                    usleep(10_000)
                    write(right, [7], 1)
                } _: {
                    let (events, time) = try poller.timedEvents(within: 20_000_000_000)
                    #expect(events == [Event(1, .readable)])
                    #expect(time < 15_000_000_000)
                }
            }
        }

        @Test(arguments: PollerKind.allCases)
        func waitWithoutTimeout_lasts_untilAnotherThreadWakesIt(_ kind: PollerKind) throws {
            try withPoller(kind) { poller in
                let event = try EventDescriptor()
                defer { event.close() }
                try poller.change(event.fd, from: .none, to: .readable, tag: 1)
                let began = MonotonicClock.now()
                try withThread {
                    usleep(40_000)
                    event.signal()
                } _: {
                    let events = try poller.events(within: -1)
                    #expect(events == [Event(1, .readable)])
                    #expect(MonotonicClock.now() - began >= 40_000_000)
                }
            }
        }

        @Test(arguments: PollerKind.allCases, [-1, 20_000_000_000] as [Int64])
        func signal_endsTheWait_withoutEvents(_ kind: PollerKind, _ timeout: Int64) throws {
            try withPoller(kind) { poller in
                let ends = try Ends.sockets()
                try poller.change(ends.left, from: .none, to: .readable, tag: 1)
                let before = signal(SIGUSR2) { _ in }
                defer { signal(SIGUSR2, before) }
                // The threads that run tests block signals.
                var (mine, old) = (sigset_t(), sigset_t())
                sigemptyset(&mine)
                sigaddset(&mine, SIGUSR2)
                pthread_sigmask(SIG_UNBLOCK, &mine, &old)
                defer { pthread_sigmask(SIG_SETMASK, &old, nil) }
                let waiting = pthread_self()
                let isOver = try EventDescriptor()
                defer { isOver.close() }
                try withThread {
                    // Repeated, because the first signal may arrive before the wait has begun.
                    var entry = pollfd(fd: isOver.fd, events: Int16(POLLIN), revents: 0)
                    while poll(&entry, 1, 10) == 0 { pthread_kill(waiting, SIGUSR2) }
                } _: {
                    defer { isOver.signal() }
                    let (events, time) = try poller.timedEvents(within: timeout)
                    #expect(events == [])
                    #expect(time < 15_000_000_000)
                }
            }
        }

        @Test(arguments: PollerKind.allCases)
        func body_mayRemoveAnotherDescriptor_whichIsStillReported(_ kind: PollerKind) throws {
            try withPoller(kind) { poller in
                let pairs = try (0..<4).map { _ in try Ends.sockets() }
                defer { withExtendedLifetime(pairs) {} }
                for (tag, ends) in pairs.enumerated() {
                    try poller.change(ends.left, from: .none, to: .readable, tag: UInt64(tag))
                    ends.write()
                }
                var events: [UInt64] = []
                try poller.wait(0) { tag, _ in
                    events.append(tag)
                    for other in pairs.indices where other != Int(tag) && events.count == 1 {
                        #expect(throws: Never.self) {
                            try poller.change(pairs[other].left, from: .readable, to: .none, tag: 0)
                        }
                    }
                }
                #expect(events.sorted() == [0, 1, 2, 3])
                #expect(try poller.events().map(\.tag) == Array(events.prefix(1)))
            }
        }

        @Test(arguments: PollerKind.allCases)
        func body_mayRemoveItsOwnDescriptor(_ kind: PollerKind) throws {
            try withPoller(kind) { poller in
                let pairs = try (0..<4).map { _ in try Ends.sockets() }
                for (tag, ends) in pairs.enumerated() {
                    try poller.change(ends.left, from: .none, to: .readable, tag: UInt64(tag))
                    ends.write()
                }
                var events: [UInt64] = []
                try poller.wait(0) { tag, _ in
                    events.append(tag)
                    let ends = pairs[Int(tag)]
                    #expect(throws: Never.self) {
                        try poller.change(ends.left, from: .readable, to: .none, tag: tag)
                    }
                    ends.closeLeft()
                }
                #expect(events.sorted() == [0, 1, 2, 3])
                #expect(try poller.events() == [])
            }
        }

        @Test(arguments: PollerKind.allCases)
        func body_mayAddADescriptor_whichTheNextWaitReports(_ kind: PollerKind) throws {
            try withPoller(kind) { poller in
                // The higher number makes the lists grow while they are walked.
                let (first, second) = (try Ends.sockets(), try Ends.sockets(from: 900))
                try poller.change(first.left, from: .none, to: .readable, tag: 1)
                first.write()
                second.write()
                var events: [UInt64] = []
                try poller.wait(0) { tag, _ in
                    events.append(tag)
                    #expect(throws: Never.self) {
                        try poller.change(second.left, from: .none, to: .readable, tag: 2)
                    }
                }
                #expect(events == [1])
                #expect(try poller.events() == [Event(1, .readable), Event(2, .readable)])
            }
        }
    }
}
