import Glibc
import Kernel
import Polling
import TestSupport
import Testing

@testable import SelectorLoop

/// The table of wanted directions by descriptor, against a poller that only records its calls.
@Suite struct WatchTableTests {
    private let poller = RecordingPoller()
    private let table: WatchTable
    private let target = RecordingTarget()

    init() {
        table = WatchTable(poller)
    }

    @Test func want_reachesThePoller_beforeTheLoopWaits() {
        table.want(.readable, of: 5, target)
        #expect(poller.changes == [])
        table.apply()
        table.apply()
        #expect(poller.changes == [Change(5, from: .none, to: .readable)])
        #expect(table.live == 1)
    }

    @Test func revokedWant_causesNoCall() {
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
        #expect(poller.changes == [Change(5, from: .none, to: .readable)])
    }

    @Test func onlyTheLastOfSeveralWants_reachesThePoller() {
        for wanted in [Readiness.readable, .both, .writable] { table.want(wanted, of: 5, target) }
        table.apply()
        for wanted in [Readiness.readable, .none, .both] { table.want(wanted, of: 5, target) }
        table.apply()
        #expect(
            poller.changes == [Change(5, from: .none, to: .writable), Change(5, from: .writable, to: .both)])
    }

    /// One reported wait: its direction, and since when the poller has known it.
    private struct Wait: Equatable {
        let readiness: Readiness
        let since: Int64?
    }

    private var waits: [Wait] {
        var found: [Wait] = []
        table.forEachWait { _, readiness, since in found.append(Wait(readiness: readiness, since: since)) }
        return found
    }

    @Test func waits_areTimedFromTheirRegistration_byDirection() throws {
        #expect(waits == [] && table.waits == 0)
        table.want(.readable, of: 5, target)
        #expect(waits == [Wait(readiness: .readable, since: nil)])
        table.apply()
        let first = table.time
        usleep(100)
        table.updateTime()
        // Revoked and wanted again before the poller knows: the wait counts from its first registration.
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
        #expect(throws: Errno.badFileDescriptor) { try table.applyNow(5) }
        #expect(table.waits == 2 && waits.count == 2, "a wait that the poller knows was forgotten")
        table.drop(5)
        #expect(waits == [] && table.waits == 0)
        #expect(table.changesMade == 3)
    }

    @Test func drop_removesAtOnce_onlyWhatThePollerHas() {
        table.want(.readable, of: 5, target)
        table.drop(5)
        table.drop(5)
        table.drop(4711)
        table.apply()
        #expect(poller.changes == [])
        #expect(table.live == 0)
        table.want(.readable, of: 5, target)
        table.apply()
        table.want(.both, of: 5, target)
        table.drop(5)
        table.apply()
        #expect(poller.changes == [Change(5, from: .none, to: .readable), Change(5, from: .readable, to: .none)])
        #expect(table.live == 0)
    }

    @Test func target_isRetained_untilItIsDropped() {
        weak var kept: RecordingTarget?
        do {
            let target = RecordingTarget()
            kept = target
            table.want(.readable, of: 5, target)
            table.want(.both, of: 5, target)
        }
        #expect(kept != nil)
        table.drop(5)
        #expect(kept == nil)
    }

    @Test func staleTag_isIgnored_whenTheNumberIsReused() throws {
        table.want(.readable, of: 5, target)
        table.apply()
        let stale = try #require(poller.tags.last)
        table.drop(5)
        table.dispatch(stale, .readable)
        let next = RecordingTarget()
        table.want(.readable, of: 5, next)
        table.dispatch(stale, .readable)
        table.apply()
        let tag = try #require(poller.tags.last)
        #expect(tag != stale)
        table.dispatch(stale, .readable)
        #expect(next.reported == [])
        table.dispatch(tag, .readable)
        #expect(next.reported == [.readable])
        #expect(target.reported == [])
    }

    @Test func unwantedReadiness_isNotReported() throws {
        table.want(.both, of: 5, target)
        table.apply()
        let tag = try #require(poller.tags.last)
        table.dispatch(tag, .both)
        table.want(.writable, of: 5, target)
        table.dispatch(tag, .readable)
        table.dispatch(tag, .both)
        table.want(.none, of: 5, target)
        table.dispatch(tag, .both)
        #expect(target.reported == [.both, .writable])
    }

    @Test func refusal_isReported_andNotRetried() {
        poller.failure = .notPermitted
        table.want(.readable, of: 5, target)
        table.apply()
        table.apply()
        #expect(target.failures == [.notPermitted])
        #expect(poller.changes == [Change(5, from: .none, to: .readable)])
        poller.failure = nil
        table.want(.readable, of: 5, target)
        table.apply()
        #expect(poller.changes.count == 2)
        #expect(target.failures == [.notPermitted])
    }

    @Test func refusalOfAChange_keepsTheFormerRegistration() throws {
        table.want(.readable, of: 5, target)
        table.apply()
        poller.failure = .noSpace
        table.want(.both, of: 5, target)
        table.apply()
        #expect(target.failures == [.noSpace])
        table.dispatch(try #require(poller.tags.last), .both)
        #expect(target.reported == [.readable])
        table.drop(5)
        #expect(poller.changes.last == Change(5, from: .readable, to: .none))
    }

    @Test func targetOfARefusal_mayDrop_orWantSomethingElse() {
        poller.failure = .notPermitted
        target.whenFailed = { [table, target, poller] in
            table.drop(5)
            poller.failure = nil
            // A high number, so that the table grows meanwhile.
            table.want(.writable, of: 5000, target)
        }
        table.want(.readable, of: 5, target)
        table.want(.readable, of: 6, target)
        table.apply()
        target.whenFailed = {}
        #expect(
            poller.changes == [
                Change(5, from: .none, to: .readable), Change(6, from: .none, to: .readable),
                Change(5000, from: .none, to: .writable),
            ])
        #expect(table.live == 2)
    }

    @Test func readyTarget_mayDropItself_andGrowTheTable() throws {
        table.want(.readable, of: 5, target)
        table.apply()
        target.whenReady = { [table, target] in
            table.drop(5)
            table.want(.readable, of: 9000, target)
        }
        table.dispatch(try #require(poller.tags.last), .readable)
        target.whenReady = {}
        table.apply()
        table.dispatch(try #require(poller.tags.last), .readable)
        #expect(target.reported == [.readable, .readable])
        #expect(table.live == 1)
    }
}

/// A call of ``Poller/change(_:from:to:tag:)``.
private struct Change: Equatable {
    let descriptor: Int32
    let old: Readiness
    let new: Readiness

    init(_ descriptor: Int32, from old: Readiness, to new: Readiness) {
        self.descriptor = descriptor
        self.old = old
        self.new = new
    }
}

private final class RecordingPoller: Poller {
    private(set) var changes: [Change] = []
    /// The tags of the changes that succeeded.
    private(set) var tags: [UInt64] = []
    var failure: Errno?

    func change(_ descriptor: Int32, from old: Readiness, to new: Readiness, tag: UInt64) throws(Errno) {
        changes.append(Change(descriptor, from: old, to: new))
        if let failure { throw failure }
        tags.append(tag)
    }

    func wait(_ timeout: Int64, _ body: (UInt64, Readiness) -> Void) throws(Errno) -> Int { 0 }
    func close() {}
}

private final class RecordingTarget: ReadinessTarget {
    private(set) var reported: [Readiness] = []
    private(set) var failures: [Errno] = []
    var whenReady = {}
    var whenFailed = {}

    override func ready(_ readiness: Readiness) {
        reported.append(readiness)
        whenReady()
    }

    override func watchingFailed(_ errno: Errno) {
        failures.append(errno)
        whenFailed()
    }
}
