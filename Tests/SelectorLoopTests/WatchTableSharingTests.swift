import Kernel
import Polling
import Testing

@testable import SelectorLoop

/// Several targets of one descriptor.
@Suite struct WatchTableSharingTests {
    private let poller = RecordingPoller()
    private let table: WatchTable
    private let reader = RecordingTarget()
    private let writer = RecordingTarget()

    init() {
        table = WatchTable(poller)
    }

    private func tag() throws -> UInt64 {
        try #require(poller.tags.last)
    }

    @Test func readerAndWriter_ofOneDescriptor_doNotDisturbOneAnother() throws {
        table.want(.readable, of: 5, reader)
        table.apply()
        table.want(.writable, of: 5, writer)
        table.apply()
        #expect(
            poller.changes == [
                PollerChange(5, from: .none, to: .readable), PollerChange(5, from: .readable, to: .both),
            ]
        )
        #expect(table.live == 1 && table.waits == 2)
        table.dispatch(try tag(), .readable)
        table.dispatch(try tag(), .writable)
        table.dispatch(try tag(), .both)
        #expect(reader.told == [.readable, .readable])
        #expect(writer.told == [.writable, .writable])
        table.release(5, writer)
        table.apply()
        #expect(poller.changes.last == PollerChange(5, from: .both, to: .readable))
        table.dispatch(try tag(), .both)
        #expect(reader.told.count == 3 && writer.told.count == 2)
        #expect(table.live == 1 && table.waits == 1)
        table.release(5, reader)
        #expect(poller.changes.last == PollerChange(5, from: .readable, to: .none))
        #expect(table.live == 0 && table.waits == 0)
    }

    /// The target that was added first takes what is available; the others get the rest or nothing.
    @Test func targetsOfOneDirection_areNotifiedInTheOrderInWhichTheyCame() throws {
        let targets = (0..<4).map { _ in RecordingTarget() }
        var order: [Int] = []
        for (index, target) in targets.enumerated() {
            target.whenReady = { order.append(index) }
            table.want(.readable, of: 5, target)
        }
        table.apply()
        #expect(poller.changes == [PollerChange(5, from: .none, to: .readable)], "one change for all")
        table.dispatch(try tag(), .both)
        #expect(order == [0, 1, 2, 3])
        // A target keeps its position when its wish changes, and loses it on release.
        table.want(.none, of: 5, targets[1])
        table.want(.both, of: 5, targets[1])
        table.release(5, targets[0])
        table.want(.readable, of: 5, targets[0])
        order = []
        table.dispatch(try tag(), .readable)
        #expect(order == [1, 2, 3, 0])
        for target in targets {
            target.whenReady = {}
            table.release(5, target)
        }
        #expect(table.live == 0 && table.waits == 0)
    }

    @Test func targetThatIsNotified_mayReleaseOthers_andLetOthersJoin() throws {
        let third = RecordingTarget()
        reader.whenReady = { [table, writer] in
            table.release(5, writer)
            table.want(.readable, of: 5, third)
        }
        table.want(.readable, of: 5, reader)
        table.want(.readable, of: 5, writer)
        table.apply()
        table.dispatch(try tag(), .readable)
        reader.whenReady = {}
        #expect(reader.told == [.readable])
        #expect(writer.told == [], "it was released before its turn")
        #expect(third.told == [], "it was added after the readiness was found")
        table.dispatch(try tag(), .readable)
        #expect(third.told == [.readable])
        // All targets are released while the first is notified: no other one is called.
        reader.whenReady = { [table, reader] in
            table.release(5, reader)
            table.release(5, third)
        }
        table.dispatch(try tag(), .readable)
        reader.whenReady = {}
        #expect(third.told == [.readable])
        #expect(table.live == 0 && table.waits == 0)
    }

    /// The only target is not retained while it is notified.
    @Test func onlyTarget_mayLetAnotherJoin_andLeave_whileItIsNotified() throws {
        weak var gone: RecordingTarget?
        do {
            let target = RecordingTarget()
            gone = target
            table.want(.readable, of: 5, target)
            target.whenReady = { [table, writer, unowned target] in
                target.whenReady = {}
                table.want(.writable, of: 5, writer)
                table.release(5, target)
                #expect(target.told == [.readable])
            }
        }
        table.apply()
        table.dispatch(try tag(), .readable)
        #expect(gone == nil)
        table.apply()
        #expect(poller.changes.last == PollerChange(5, from: .readable, to: .writable))
        table.dispatch(try tag(), .both)
        #expect(writer.told == [.writable])
        // Another target joins, and the current one leaves: a single target remains.
        table.want(.readable, of: 5, reader)
        table.release(5, writer)
        table.apply()
        table.dispatch(try tag(), .both)
        #expect(reader.told == [.readable])
    }

    @Test func targets_areKept_untilTheyAreReleased() {
        weak var first: RecordingTarget?
        weak var second: RecordingTarget?
        do {
            let (one, other) = (RecordingTarget(), RecordingTarget())
            (first, second) = (one, other)
            table.want(.readable, of: 5, one)
            table.want(.readable, of: 5, other)
        }
        #expect(first != nil && second != nil)
        if let first { table.release(5, first) }
        #expect(first == nil && second != nil)
        if let second { table.release(5, second) }
        #expect(second == nil)
    }

    /// The new owner declares that the number stands for another file; a new target alone does not imply that.
    @Test(arguments: 1...3)
    func claim_removesTargetsOfTheFormerFile(_ count: Int) throws {
        let former = (0..<count).map { _ in RecordingTarget() }
        for target in former { table.want(.both, of: 5, target) }
        table.apply()
        let stale = try tag()
        table.claim(5)
        table.claim(6)
        table.claim(4711)
        #expect(table.live == 0 && table.waits == 0)
        table.want(.readable, of: 5, reader)
        table.apply()
        table.dispatch(stale, .both)
        table.dispatch(try tag(), .both)
        #expect(reader.told == [.readable])
        #expect(former.allSatisfy { $0.told.isEmpty && $0.failures.isEmpty })
        // Later calls for the former targets have no effect.
        for target in former { table.release(5, target) }
        #expect(table.live == 1 && table.waits == 1)
    }

    @Test func rearm_givesThePollerAllWishesAgain_andDropsWhatWasFoundBefore() throws {
        table.want(.readable, of: 5, reader)
        table.want(.writable, of: 5, writer)
        table.apply()
        let stale = try tag()
        try table.rearm(5, for: reader)
        #expect(poller.changes.last == PollerChange(5, from: .both, to: .both))
        table.dispatch(stale, .both)
        #expect(reader.told == [] && writer.told == [])
        table.dispatch(try tag(), .both)
        #expect(reader.told == [.readable] && writer.told == [.writable])
    }

    @Test func refusal_notifiesThoseThatLoseByIt_butNotTheCaller() throws {
        table.want(.readable, of: 5, reader)
        table.apply()
        poller.failure = .noSpace
        let third = RecordingTarget()
        table.want(.writable, of: 5, writer)
        table.want(.both, of: 5, third)
        #expect(throws: Errno.noSpace) { try table.applyNow(5, for: writer) }
        #expect(reader.failures == [] && writer.failures == [] && third.failures == [.noSpace])
        #expect(table.waits == 2, "the directions that the poller watches remain wanted")
        table.dispatch(try tag(), .both)
        #expect(reader.told == [.readable] && writer.told == [] && third.told == [.readable])
        table.want(.writable, of: 5, writer)
        table.apply()
        #expect(writer.failures == [.noSpace], "there is no caller to throw to")
        #expect(throws: Errno.noSpace) { try table.rearm(5, for: reader) }
        #expect(third.failures == [.noSpace, .noSpace])
        #expect(table.waits == 0)
        table.dispatch(try tag(), .both)
        #expect(reader.told.count == 1)
        for target in [reader, writer, third] { table.release(5, target) }
        #expect(table.live == 0 && table.waits == 0)
    }

    @Test func waits_areShown_forEachTarget_sinceItBegan() {
        table.want(.readable, of: 5, reader)
        table.apply()
        let first = table.time
        while table.time == first { table.updateTime() }
        table.want(.readable, of: 5, writer)
        table.want(.writable, of: 5, reader)
        var shown: [(ReadinessTarget, Readiness, Int64?)] = []
        table.forEachWait { shown.append(($0, $1, $2)) }
        #expect(shown.count == 2)
        #expect(shown[0].0 === reader && shown[0].1 == .writable && shown[0].2 == nil)
        #expect(shown[1].0 === writer && shown[1].1 == .readable && shown[1].2 == table.time)
        for target in [reader, writer] { table.release(5, target) }
        #expect(table.live == 0 && table.waits == 0)
    }
}
