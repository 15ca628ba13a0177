import Glibc
import Kernel
import Polling
import Testing

extension Pollers {
    /// What is told, and for how long.
    @Suite struct ReadinessTests {
        @Test(arguments: PollerKind.allCases)
        func nothing_isTold_whereNothingIsReady(_ kind: PollerKind) throws {
            try withPoller(kind) { poller in
                #expect(try poller.told() == [])
                let ends = try Ends.sockets()
                try poller.change(ends.left, from: .none, to: .readable, tag: 1)
                #expect(try poller.told() == [])
            }
        }

        @Test(arguments: PollerKind.allCases)
        func whatIsReady_isToldAgain_untilItIsDealtWith(_ kind: PollerKind) throws {
            try withPoller(kind) { poller in
                let ends = try Ends.sockets()
                try poller.change(ends.left, from: .none, to: .readable, tag: 1)
                ends.write()
                for _ in 0..<3 { #expect(try poller.told() == [Told(1, .readable)]) }
                ends.readAll()
                #expect(try poller.told() == [])
                ends.write()
                #expect(try poller.told() == [Told(1, .readable)])
            }
        }

        @Test(arguments: PollerKind.allCases)
        func only_whatIsWanted_isTold(_ kind: PollerKind) throws {
            try withPoller(kind) { poller in
                let ends = try Ends.sockets()
                ends.write()
                var old = Readiness.none
                for wanted in [Readiness.readable, .both, .writable, .none, .writable, .readable] {
                    try poller.change(ends.left, from: old, to: wanted, tag: 1)
                    #expect(try poller.told() == (wanted.isEmpty ? [] : [Told(1, wanted)]))
                    old = wanted
                }
                try poller.change(ends.left, from: old, to: .both, tag: 1)
                ends.readAll()
                #expect(try poller.told() == [Told(1, .writable)])
                Ends.fill(ends.left)
                #expect(try poller.told() == [])
                ends.write()
                #expect(try poller.told() == [Told(1, .readable)])
            }
        }

        @Test(arguments: PollerKind.allCases, [Readiness.readable, .writable, .both])
        func hangUp_countsAsReady_forAllThatWasWanted(_ kind: PollerKind, _ wanted: Readiness) throws {
            try withPoller(kind) { poller in
                let ends = try Ends.sockets()
                Ends.fill(ends.left)
                try poller.change(ends.left, from: .none, to: wanted, tag: 1)
                #expect(try poller.told() == [])
                ends.closeRight()
                for _ in 0..<2 { #expect(try poller.told().map { $0.only(wanted) } == [Told(1, wanted)]) }
            }
        }

        @Test(arguments: PollerKind.allCases, [Readiness.readable, .writable, .both])
        func reset_countsAsReady_forAllThatWasWanted(_ kind: PollerKind, _ wanted: Readiness) throws {
            try withPoller(kind) { poller in
                let ends = try Ends.connection()
                Ends.fill(ends.left)
                try poller.change(ends.left, from: .none, to: wanted, tag: 1)
                #expect(try poller.told() == [])
                ends.resetRight()
                for _ in 0..<2 { #expect(try poller.told().map { $0.only(wanted) } == [Told(1, wanted)]) }
            }
        }

        /// Of an end that only reads or only writes nothing else is wanted.
        @Test(arguments: PollerKind.allCases)
        func pipe_withoutItsOtherEnd_isReady(_ kind: PollerKind) throws {
            try withPoller(kind) { poller in
                let read = try Ends.pipe()
                try poller.change(read.left, from: .none, to: .readable, tag: 1)
                let write = try Ends.pipe()
                Ends.fill(write.right)
                try poller.change(write.right, from: .none, to: .writable, tag: 2)
                #expect(try poller.told() == [])
                read.closeRight()
                write.closeLeft()
                let told = try poller.told()
                #expect(told.map(\.tag) == [1, 2])
                #expect(told.first?.readiness.isReadable == true && told.last?.readiness.isWritable == true)
            }
        }

        @Test(arguments: PollerKind.allCases)
        func nothing_isTold_ofADescriptorOfWhichNothingIsWanted(_ kind: PollerKind) throws {
            try withPoller(kind) { poller in
                let (closed, reset) = (try Ends.sockets(), try Ends.connection())
                for descriptor in [closed.left, reset.left] {
                    try poller.change(descriptor, from: .none, to: .both, tag: 1)
                    try poller.change(descriptor, from: .both, to: .none, tag: 1)
                }
                closed.closeRight()
                reset.resetRight()
                let (told, time) = try poller.timedTold(within: 5_000_000)
                #expect(told == [])
                #expect(time >= 5_000_000)
            }
        }
    }
}
