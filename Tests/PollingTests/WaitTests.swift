import Glibc
import Kernel
import Polling
import TestSupport
import Testing

extension Pollers {
    /// How long waits last, and what may be done in them.
    @Suite struct WaitTests {
        @Test(arguments: PollerKind.allCases, [0, 300_000, 15_000_000] as [Int64])
        func timeout_neverEndsEarly(_ kind: PollerKind, _ timeout: Int64) throws {
            try withPoller(kind) { poller in
                let ends = try Ends.sockets()
                try poller.change(ends.left, from: .none, to: .readable, tag: 1)
                let waits = try (0..<20).map { _ in try poller.timedTold(within: timeout) }
                let times = waits.map(\.time)
                #expect(waits.flatMap(\.told) == [])
                #expect(times.allSatisfy { $0 >= timeout }, "\(times)")
                // The shortest, because the machine may have other things to do.
                #expect(try #require(times.min()) < timeout + 10_000_000)
            }
        }

        @Test(arguments: PollerKind.allCases)
        func wait_saysHowManyItTold(_ kind: PollerKind) throws {
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
        func timeout_isCutShort_byWhatBecomesReady(_ kind: PollerKind) throws {
            try withPoller(kind) { poller in
                let ends = try Ends.sockets()
                try poller.change(ends.left, from: .none, to: .readable, tag: 1)
                let right = ends.right
                try withThread {
                    usleep(10_000)
                    write(right, [7], 1)
                } _: {
                    let (told, time) = try poller.timedTold(within: 20_000_000_000)
                    #expect(told == [Told(1, .readable)])
                    #expect(time < 15_000_000_000)
                }
            }
        }

        @Test(arguments: PollerKind.allCases)
        func waitWithoutEnd_lasts_untilAnotherThreadWakesIt(_ kind: PollerKind) throws {
            try withPoller(kind) { poller in
                let event = try EventDescriptor()
                defer { event.close() }
                try poller.change(event.fd, from: .none, to: .readable, tag: 1)
                let began = MonotonicClock.now()
                try withThread {
                    usleep(40_000)
                    event.signal()
                } _: {
                    let told = try poller.told(within: -1)
                    #expect(told == [Told(1, .readable)])
                    #expect(MonotonicClock.now() - began >= 40_000_000)
                }
            }
        }

        @Test(arguments: PollerKind.allCases, [-1, 20_000_000_000] as [Int64])
        func signal_endsTheWait_withNothingReady(_ kind: PollerKind, _ timeout: Int64) throws {
            try withPoller(kind) { poller in
                let ends = try Ends.sockets()
                try poller.change(ends.left, from: .none, to: .readable, tag: 1)
                let before = signal(SIGUSR2) { _ in }
                defer { signal(SIGUSR2, before) }
                // The threads on which tests run take no signals.
                var (mine, old) = (sigset_t(), sigset_t())
                sigemptyset(&mine)
                sigaddset(&mine, SIGUSR2)
                pthread_sigmask(SIG_UNBLOCK, &mine, &old)
                defer { pthread_sigmask(SIG_SETMASK, &old, nil) }
                let waiting = pthread_self()
                let isOver = try EventDescriptor()
                defer { isOver.close() }
                try withThread {
                    // Again and again, because the first may come before the wait has begun.
                    var entry = pollfd(fd: isOver.fd, events: Int16(POLLIN), revents: 0)
                    while poll(&entry, 1, 10) == 0 { pthread_kill(waiting, SIGUSR2) }
                } _: {
                    defer { isOver.signal() }
                    let (told, time) = try poller.timedTold(within: timeout)
                    #expect(told == [])
                    #expect(time < 15_000_000_000)
                }
            }
        }

        @Test(arguments: PollerKind.allCases)
        func body_mayTakeOutAnother_whichIsToldAllTheSame(_ kind: PollerKind) throws {
            try withPoller(kind) { poller in
                let pairs = try (0..<4).map { _ in try Ends.sockets() }
                defer { withExtendedLifetime(pairs) {} }
                for (tag, ends) in pairs.enumerated() {
                    try poller.change(ends.left, from: .none, to: .readable, tag: UInt64(tag))
                    ends.write()
                }
                var told: [UInt64] = []
                try poller.wait(0) { tag, _ in
                    told.append(tag)
                    for other in pairs.indices where other != Int(tag) && told.count == 1 {
                        #expect(throws: Never.self) {
                            try poller.change(pairs[other].left, from: .readable, to: .none, tag: 0)
                        }
                    }
                }
                #expect(told.sorted() == [0, 1, 2, 3])
                #expect(try poller.told().map(\.tag) == Array(told.prefix(1)))
            }
        }

        @Test(arguments: PollerKind.allCases)
        func body_mayTakeItselfOut(_ kind: PollerKind) throws {
            try withPoller(kind) { poller in
                let pairs = try (0..<4).map { _ in try Ends.sockets() }
                for (tag, ends) in pairs.enumerated() {
                    try poller.change(ends.left, from: .none, to: .readable, tag: UInt64(tag))
                    ends.write()
                }
                var told: [UInt64] = []
                try poller.wait(0) { tag, _ in
                    told.append(tag)
                    let ends = pairs[Int(tag)]
                    #expect(throws: Never.self) {
                        try poller.change(ends.left, from: .readable, to: .none, tag: tag)
                    }
                    ends.closeLeft()
                }
                #expect(told.sorted() == [0, 1, 2, 3])
                #expect(try poller.told() == [])
            }
        }

        @Test(arguments: PollerKind.allCases)
        func body_mayAddOne_whichTheNextWaitTells(_ kind: PollerKind) throws {
            try withPoller(kind) { poller in
                // The higher number makes lists grow while they are being told.
                let (first, second) = (try Ends.sockets(), try Ends.sockets(from: 900))
                try poller.change(first.left, from: .none, to: .readable, tag: 1)
                first.write()
                second.write()
                var told: [UInt64] = []
                try poller.wait(0) { tag, _ in
                    told.append(tag)
                    #expect(throws: Never.self) {
                        try poller.change(second.left, from: .none, to: .readable, tag: 2)
                    }
                }
                #expect(told == [1])
                #expect(try poller.told() == [Told(1, .readable), Told(2, .readable)])
            }
        }
    }
}
