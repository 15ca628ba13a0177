import Glibc
import Kernel
import Polling
import Testing

@testable import SelectorLoop

/// Tests the table with a poller that only records its changes.
@Suite struct WatchTableTests {
    private let poller = RecordingPoller()
    private let table: WatchTable
    private let target = RecordingTarget()

    init() {
        table = WatchTable(poller)
    }

    @Test func wish_isGivenToThePoller_beforeTheLoopWaits() {
        table.want(.readable, of: 5, target)
        #expect(poller.changes == [])
        table.apply()
        table.apply()
        #expect(poller.changes == [PollerChange(5, from: .none, to: .readable)])
        #expect(table.live == 1)
    }

    @Test func whatIsTakenBack_costsNoCall() {
        table.want(.readable, of: 5, target)
        table.want(.none, of: 5, target)
        table.apply()
        #expect(poller.changes == [])
        table.want(.readable, of: 5, target)
        table.apply()
        table.want(.none, of: 5, target)
        table.want(.both, of: 5, target)
        table.want(.readable, of: 5, target)
        table.apply()
        #expect(poller.changes == [PollerChange(5, from: .none, to: .readable)])
    }

    @Test func onlyTheLast_ofSeveralWishes_isTold() {
        for wanted in [Readiness.readable, .both, .writable] { table.want(wanted, of: 5, target) }
        table.apply()
        for wanted in [Readiness.readable, .none, .both] { table.want(wanted, of: 5, target) }
        table.apply()
        #expect(
            poller.changes == [
                PollerChange(5, from: .none, to: .writable), PollerChange(5, from: .writable, to: .both),
            ])
    }

    /// The direction of a wait, and since when the poller has watched it.
    private struct Wait: Equatable {
        let readiness: Readiness
        let since: Int64?
    }

    private var waits: [Wait] {
        var found: [Wait] = []
        table.forEachWait { _, readiness, since in found.append(Wait(readiness: readiness, since: since)) }
        return found
    }

    @Test func waits_countFromWhenThePollerWasTold_eachDirectionByItself() throws {
        #expect(waits == [] && table.waits == 0)
        table.want(.readable, of: 5, target)
        #expect(waits == [Wait(readiness: .readable, since: nil)])
        table.apply()
        let first = table.time
        usleep(100)
        table.updateTime()
        // A wish that is withdrawn and renewed before the poller is called has been watched continuously.
        table.want(.none, of: 5, target)
        #expect(waits == [] && table.waits == 0)
        table.want(.both, of: 5, target)
        table.apply()
        let second = table.time
        #expect(second > first)
        #expect(waits == [Wait(readiness: .readable, since: first), Wait(readiness: .writable, since: second)])
        #expect(table.waits == 2)
        poller.failure = .badFileDescriptor
        table.want(.writable, of: 5, target)
        #expect(table.waits == 1)
        #expect(throws: Errno.badFileDescriptor) { try table.applyNow(5, for: target) }
        #expect(table.waits == 2 && waits.count == 2, "the directions that the poller watches remain wanted")
        table.release(5, target)
        #expect(waits == [] && table.waits == 0)
        #expect(table.changesMade == 2)
    }

    @Test func release_takesOutAtOnce_whatThePollerHas_andNothingElse() {
        table.want(.readable, of: 5, target)
        table.release(5, target)
        table.release(5, target)
        table.release(4711, target)
        table.apply()
        #expect(poller.changes == [])
        #expect(table.live == 0)
        table.want(.readable, of: 5, target)
        table.apply()
        table.want(.both, of: 5, target)
        table.release(5, target)
        table.apply()
        #expect(
            poller.changes == [
                PollerChange(5, from: .none, to: .readable), PollerChange(5, from: .readable, to: .none),
            ])
        #expect(table.live == 0)
    }

    @Test func target_isKept_untilItIsReleased() {
        weak var kept: RecordingTarget?
        do {
            let target = RecordingTarget()
            kept = target
            table.want(.readable, of: 5, target)
            table.want(.both, of: 5, target)
        }
        #expect(kept != nil)
        if let kept { table.release(5, kept) }
        #expect(kept == nil)
    }

    @Test func staleTag_isDropped_whenTheNumberIsUsedAgain() throws {
        table.want(.readable, of: 5, target)
        table.apply()
        let stale = try #require(poller.tags.last)
        table.release(5, target)
        table.dispatch(stale, .readable)
        let next = RecordingTarget()
        table.want(.readable, of: 5, next)
        table.dispatch(stale, .readable)
        table.apply()
        let tag = try #require(poller.tags.last)
        #expect(tag != stale)
        table.dispatch(stale, .readable)
        #expect(next.told == [])
        table.dispatch(tag, .readable)
        #expect(next.told == [.readable])
        #expect(target.told == [])
    }

    @Test func whatIsNoLongerWanted_isNotTold() throws {
        table.want(.both, of: 5, target)
        table.apply()
        let tag = try #require(poller.tags.last)
        table.dispatch(tag, .both)
        table.want(.writable, of: 5, target)
        table.dispatch(tag, .readable)
        table.dispatch(tag, .both)
        table.want(.none, of: 5, target)
        table.dispatch(tag, .both)
        #expect(target.told == [.both, .writable])
    }

    @Test func refusal_isTold_andNotTriedAgainByItself() {
        poller.failure = .notPermitted
        table.want(.readable, of: 5, target)
        table.apply()
        table.apply()
        #expect(target.failures == [.notPermitted])
        #expect(poller.changes == [PollerChange(5, from: .none, to: .readable)])
        poller.failure = nil
        table.want(.readable, of: 5, target)
        table.apply()
        #expect(poller.changes.count == 2)
        #expect(target.failures == [.notPermitted])
    }

    @Test func refusal_ofAChange_leavesWhatWas() throws {
        table.want(.readable, of: 5, target)
        table.apply()
        poller.failure = .noSpace
        table.want(.both, of: 5, target)
        table.apply()
        #expect(target.failures == [.noSpace])
        table.dispatch(try #require(poller.tags.last), .both)
        #expect(target.told == [.readable])
        table.release(5, target)
        #expect(poller.changes.last == PollerChange(5, from: .readable, to: .none))
    }

    @Test func targetNotifiedOfARefusal_mayReleaseItself_orWantSomethingElse() {
        poller.failure = .notPermitted
        target.whenFailed = { [table, target, poller] in
            table.release(5, target)
            poller.failure = nil
            // A high number, so that the table grows during the call.
            table.want(.writable, of: 5000, target)
        }
        table.want(.readable, of: 5, target)
        table.want(.readable, of: 6, target)
        table.apply()
        target.whenFailed = {}
        #expect(
            poller.changes == [
                PollerChange(5, from: .none, to: .readable), PollerChange(6, from: .none, to: .readable),
                PollerChange(5000, from: .none, to: .writable),
            ])
        #expect(table.live == 2)
    }

    @Test func readyTarget_mayReleaseItself_andMakeTheTableGrow() throws {
        table.want(.readable, of: 5, target)
        table.apply()
        target.whenReady = { [table, target] in
            table.release(5, target)
            table.want(.readable, of: 9000, target)
        }
        table.dispatch(try #require(poller.tags.last), .readable)
        target.whenReady = {}
        table.apply()
        table.dispatch(try #require(poller.tags.last), .readable)
        #expect(target.told == [.readable, .readable])
        #expect(table.live == 1)
    }
}
