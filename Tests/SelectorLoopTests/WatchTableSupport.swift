import Kernel
import Polling

@testable import SelectorLoop

/// One call of ``Poller/change(_:from:to:tag:)``.
struct PollerChange: Equatable {
    let descriptor: Int32
    let old: Readiness
    let new: Readiness

    init(_ descriptor: Int32, from old: Readiness, to new: Readiness) {
        self.descriptor = descriptor
        self.old = old
        self.new = new
    }
}

final class RecordingPoller: Poller {
    private(set) var changes: [PollerChange] = []
    /// The tags of the changes that succeeded.
    private(set) var tags: [UInt64] = []
    var failure: Errno?

    func change(_ descriptor: Int32, from old: Readiness, to new: Readiness, tag: UInt64) throws(Errno) {
        changes.append(PollerChange(descriptor, from: old, to: new))
        if let failure { throw failure }
        tags.append(tag)
    }

    func wait(_ timeout: Int64, _ body: (UInt64, Readiness) -> Void) throws(Errno) -> Int { 0 }
    func close() {}
}

final class RecordingTarget: ReadinessTarget {
    private(set) var told: [Readiness] = []
    private(set) var failures: [Errno] = []
    var whenReady = {}
    var whenFailed = {}

    override func ready(_ readiness: Readiness) {
        told.append(readiness)
        whenReady()
    }

    override func watchingFailed(_ errno: Errno) {
        failures.append(errno)
        whenFailed()
    }
}
