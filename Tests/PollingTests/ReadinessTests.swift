import Glibc
import Kernel
import Polling
import TestSupport
import Testing

extension Pollers {
    /// What a wait reports, and how often.
    @Suite struct ReadinessTests {
        @Test(arguments: PollerKind.allCases)
        func wait_reportsNothing_ifNothingIsReady(_ kind: PollerKind) throws {
            try withPoller(kind) { poller in
                #expect(try poller.events() == [])
                let ends = try Ends.sockets()
                try poller.change(ends.left, from: .none, to: .readable, tag: 1)
                #expect(try poller.events() == [])
            }
        }

        @Test(arguments: PollerKind.allCases)
        func readyDescriptor_isReportedAgain_untilItIsHandled(_ kind: PollerKind) throws {
            try withPoller(kind) { poller in
                let ends = try Ends.sockets()
                try poller.change(ends.left, from: .none, to: .readable, tag: 1)
                ends.write()
                for _ in 0..<3 { #expect(try poller.events() == [Event(1, .readable)]) }
                ends.readAll()
                #expect(try poller.events() == [])
                ends.write()
                #expect(try poller.events() == [Event(1, .readable)])
            }
        }

        @Test(arguments: PollerKind.allCases)
        func wait_reportsOnlyWantedDirections(_ kind: PollerKind) throws {
            try withPoller(kind) { poller in
                let ends = try Ends.sockets()
                ends.write()
                var old = Readiness.none
                for wanted in [Readiness.readable, .both, .writable, .none, .writable, .readable] {
                    try poller.change(ends.left, from: old, to: wanted, tag: 1)
                    #expect(try poller.events() == (wanted.isEmpty ? [] : [Event(1, wanted)]))
                    old = wanted
                }
                try poller.change(ends.left, from: old, to: .both, tag: 1)
                ends.readAll()
                #expect(try poller.events() == [Event(1, .writable)])
                Ends.fill(ends.left)
                #expect(try poller.events() == [])
                ends.write()
                #expect(try poller.events() == [Event(1, .readable)])
            }
        }

        @Test(arguments: PollerKind.allCases, [Readiness.readable, .writable, .both])
        func hangUp_countsAsReady_forAllWantedDirections(_ kind: PollerKind, _ wanted: Readiness) throws {
            try withPoller(kind) { poller in
                let ends = try Ends.sockets()
                Ends.fill(ends.left)
                try poller.change(ends.left, from: .none, to: wanted, tag: 1)
                #expect(try poller.events() == [])
                ends.closeRight()
                for _ in 0..<2 { #expect(try poller.events().map { $0.only(wanted) } == [Event(1, wanted)]) }
            }
        }

        @Test(arguments: PollerKind.allCases, [Readiness.readable, .writable, .both])
        func reset_countsAsReady_forAllWantedDirections(_ kind: PollerKind, _ wanted: Readiness) throws {
            try withPoller(kind) { poller in
                let ends = try Ends.connection()
                Ends.fill(ends.left)
                try poller.change(ends.left, from: .none, to: wanted, tag: 1)
                #expect(try poller.events() == [])
                ends.resetRight()
                for _ in 0..<2 { #expect(try poller.events().map { $0.only(wanted) } == [Event(1, wanted)]) }
            }
        }

        /// Each end of a pipe has one direction only.
        @Test(arguments: PollerKind.allCases)
        func pipe_withAClosedOtherEnd_isReady(_ kind: PollerKind) throws {
            try withPoller(kind) { poller in
                let read = try Ends.pipe()
                try poller.change(read.left, from: .none, to: .readable, tag: 1)
                let write = try Ends.pipe()
                Ends.fill(write.right)
                try poller.change(write.right, from: .none, to: .writable, tag: 2)
                #expect(try poller.events() == [])
                read.closeRight()
                write.closeLeft()
                let events = try poller.events()
                #expect(events.map(\.tag) == [1, 2])
                #expect(events.first?.readiness.isReadable == true && events.last?.readiness.isWritable == true)
            }
        }

        @Test(arguments: PollerKind.allCases)
        func descriptor_withNothingWanted_isNotReported(_ kind: PollerKind) throws {
            try withPoller(kind) { poller in
                let (closed, reset) = (try Ends.sockets(), try Ends.connection())
                for descriptor in [closed.left, reset.left] {
                    try poller.change(descriptor, from: .none, to: .both, tag: 1)
                    try poller.change(descriptor, from: .both, to: .none, tag: 1)
                }
                closed.closeRight()
                reset.resetRight()
                let (events, time) = try poller.timedEvents(within: 5_000_000)
                #expect(events == [])
                #expect(time >= 5_000_000)
            }
        }
    }
}
