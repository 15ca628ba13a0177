internal import EventLoops
internal import Kernel
internal import Polling

/// The watched descriptors and the targets that wait for each.
///
/// The directions that a target wants are recorded at once and passed to the poller before the loop waits, so a change
/// that has been undone by then costs no system call. A tag consists of a descriptor and a generation, so readiness of
/// a closed file whose descriptor has been reused is dropped.
///
/// A descriptor may have several targets, for instance a task that receives and one that sends. When its number refers
/// to a new file, ``claim(_:)`` removes the targets of the former file; otherwise a new target joins the existing ones.
/// ``release(_:_:)`` removes one target. The table holds one reference to each target.
final class WatchTable {
    private struct Watch {
        /// The only target; nil if there are none or several.
        var target: Unmanaged<ReadinessTarget>?
        var generation: UInt32 = 1
        /// The directions that the poller watches.
        var applied: Readiness = .none
        /// The directions that any target wants.
        var wanted: Readiness = .none
        var isListed = false
        /// Whether there are several targets, which are in ``WatchTable/sharers``.
        var isShared = false
        /// When the poller began to watch each direction, by the table's clock.
        var readingSince: Int64 = 0
        var writingSince: Int64 = 0

        mutating func applyWanted(at now: Int64) {
            if wanted.isReadable, !applied.isReadable { readingSince = now }
            if wanted.isWritable, !applied.isWritable { writingSince = now }
            applied = wanted
        }
    }

    private let poller: any Poller
    private let mark = ForkMark()
    private var watches = UnsafeMutablePointer<Watch>.allocate(capacity: 0)
    private var capacity = 0
    /// The targets of each descriptor that has several: a rare case, kept out of the common path.
    private var sharers: [Int32: WatchSharers] = [:]
    /// Descriptors whose wanted directions differ from those that the poller watches.
    private var changed: [Int32] = []
    /// The target being notified, if it is its descriptor's only one, and the number of its references to release
    /// afterwards.
    private var notified: Unmanaged<ReadinessTarget>?
    private var deferredReleases = 0
    /// The number of descriptors with targets.
    private(set) var live = 0
    /// The number of waits: one per direction, target and descriptor.
    var waits: Int { waitCount.value }
    private let waitCount = SingleWriterCounter()
    /// The number of changes that the poller accepted.
    var changesMade: Int { changeCount.value }
    private let changeCount = SingleWriterCounter()
    private var stale = StaleReadiness()
    /// The time that was last read, once per turn.
    private(set) var time = MonotonicClock.now()

    init(_ poller: any Poller) {
        self.poller = poller
    }

    deinit {
        for index in 0..<capacity { watches[index].target?.release() }
        watches.deallocate()
    }

    /// Called once per turn, after the turn's readiness has been dispatched.
    @inline(__always)
    func turnEnded() {
        stale.turnEnded()
    }

    /// Reads the clock, once per turn, for all waits that begin in that turn.
    func updateTime() {
        time = MonotonicClock.now()
    }

    // MARK: Targets

    /// Declares that a descriptor refers to a new file, for which no target waits yet.
    ///
    /// Existing targets are removed: they waited for a file that was closed without releasing them.
    func claim(_ descriptor: Int32) {
        let index = Int(descriptor)
        guard index < capacity, watches[index].target != nil || watches[index].isShared else { return }
        for waiting in targets(of: descriptor) { release(descriptor, waiting.target) }
    }

    /// Sets the directions, possibly none, in which a target wants to watch a descriptor.
    ///
    /// A new target is added to the existing ones.
    func want(_ readiness: Readiness, of descriptor: Int32, _ target: ReadinessTarget) {
        let index = Int(descriptor)
        if index >= capacity { grow(to: max(64, index + 1, capacity * 2)) }
        let watch = watches + index
        if let only = watch.pointee.target {
            if only.toOpaque() != Unmanaged.passUnretained(target).toOpaque() {
                return wantShared(readiness, of: descriptor, target)
            }
        } else if watch.pointee.isShared {
            return wantShared(readiness, of: descriptor, target)
        } else {
            watch.pointee.target = .passRetained(target)
            live += 1
        }
        waitCount.add(readiness.directions - watch.pointee.wanted.directions)
        setWanted(readiness, of: descriptor)
    }

    /// Records the directions that any target wants.
    @inline(__always)
    private func setWanted(_ readiness: Readiness, of descriptor: Int32) {
        let watch = watches + Int(descriptor)
        watch.pointee.wanted = readiness
        guard watch.pointee.applied != readiness, !watch.pointee.isListed else { return }
        watch.pointee.isListed = true
        changed.append(descriptor)
    }

    /// Removes a target; after the last one, the poller no longer watches the descriptor, which may then be closed.
    func release(_ descriptor: Int32, _ target: ReadinessTarget) {
        let index = Int(descriptor)
        guard index < capacity else { return }
        let watch = watches + index
        guard let only = watch.pointee.target else { return releaseShared(descriptor, target) }
        guard only.toOpaque() == Unmanaged.passUnretained(target).toOpaque() else { return }
        waitCount.add(-watch.pointee.wanted.directions)
        watch.pointee.target = nil
        forget(descriptor)
        if only.toOpaque() == notified?.toOpaque() { deferredReleases += 1 } else { only.release() }
    }

    /// Removes a descriptor without targets from the poller.
    private func forget(_ descriptor: Int32) {
        let watch = watches + Int(descriptor)
        if !watch.pointee.applied.isEmpty {
            try? change(descriptor, from: watch.pointee.applied, to: .none, tag: 0)
        }
        watch.pointee.generation &+= 1
        watch.pointee.applied = .none
        watch.pointee.wanted = .none
        live -= 1
    }

    // MARK: Several targets

    @inline(never)
    private func wantShared(_ readiness: Readiness, of descriptor: Int32, _ target: ReadinessTarget) {
        var all = sharers[descriptor] ?? WatchSharers(becomeSharer(descriptor))
        waitCount.add(all.want(readiness, target, at: time))
        sharers[descriptor] = all
        setWanted(all.wanted, of: descriptor)
    }

    /// Turns the only target of a descriptor into the first of several.
    private func becomeSharer(_ descriptor: Int32) -> WatchSharers.Sharer {
        let watch = watches + Int(descriptor)
        let first = targets(of: descriptor)[0]
        if let only = watch.pointee.target.take() {
            if only.toOpaque() == notified?.toOpaque() { deferredReleases += 1 } else { only.release() }
        }
        watch.pointee.isShared = true
        return first
    }

    @inline(never)
    private func releaseShared(_ descriptor: Int32, _ target: ReadinessTarget) {
        guard var all = sharers[descriptor], let former = all.remove(target) else { return }
        waitCount.add(-former.directions)
        if all.members.count == 1 {
            watches[Int(descriptor)].target = .passRetained(all.members[0].target)
            watches[Int(descriptor)].isShared = false
            sharers[descriptor] = nil
        } else {
            sharers[descriptor] = all
        }
        setWanted(all.wanted, of: descriptor)
    }

    /// The targets of a descriptor, with the directions that each wants and when it last changed them.
    func targets(of descriptor: Int32) -> [WatchSharers.Sharer] {
        let watch = watches[Int(descriptor)]
        guard let only = watch.target else { return sharers[descriptor]?.members ?? [] }
        return [WatchSharers.Sharer(target: only.takeUnretainedValue(), wanted: watch.wanted, since: .min)]
    }

    // MARK: The poller

    /// Passes all changes to the poller.
    func apply() {
        // In most turns, there is nothing to iterate over and nothing to clear.
        if changed.isEmpty { return }
        var next = 0
        // A target that is notified of a failure may change what it wants, and so append to the list.
        while next < changed.count {
            let descriptor = changed[next]
            watches[Int(descriptor)].isListed = false
            try? applyNow(descriptor, for: nil)
            next += 1
        }
        changed.removeAll(keepingCapacity: true)
    }

    /// Passes a descriptor's change to the poller at once.
    ///
    /// If that fails, the directions that the poller already watches remain wanted, and all targets that lose a
    /// direction, except the caller, are notified.
    func applyNow(_ descriptor: Int32, for caller: ReadinessTarget?) throws(Errno) {
        let watch = watches + Int(descriptor)
        guard watch.pointee.applied != watch.pointee.wanted else { return }
        do throws(Errno) { try put(descriptor) } catch {
            refused(descriptor, error, except: caller)
            throw error
        }
    }

    /// Passes a descriptor to the poller again, because it may now refer to a new file that the poller does not watch.
    ///
    /// Readiness found for the former file is dropped. If this fails, the poller does not watch the descriptor, no
    /// target wants it any more, and all targets that lose a direction, except the caller, are notified.
    func rearm(_ descriptor: Int32, for caller: ReadinessTarget) throws(Errno) {
        let watch = watches + Int(descriptor)
        watch.pointee.generation &+= 1
        do throws(Errno) { try put(descriptor) } catch {
            watch.pointee.applied = .none
            refused(descriptor, error, except: caller)
            throw error
        }
    }

    private func put(_ descriptor: Int32) throws(Errno) {
        let watch = watches + Int(descriptor)
        let tag = UInt64(watch.pointee.generation) << 32 | UInt64(UInt32(bitPattern: descriptor))
        try change(descriptor, from: watch.pointee.applied, to: watch.pointee.wanted, tag: tag)
        watch.pointee.applyWanted(at: time)
    }

    private func refused(_ descriptor: Int32, _ errno: Errno, except caller: ReadinessTarget?) {
        let watch = watches + Int(descriptor)
        var losers: [ReadinessTarget] = []
        if let only = watch.pointee.target {
            waitCount.add(watch.pointee.applied.directions - watch.pointee.wanted.directions)
            losers = [only.takeUnretainedValue()]
        } else if var all = sharers[descriptor] {
            let (targets, waits) = all.limit(to: watch.pointee.applied)
            waitCount.add(-waits)
            sharers[descriptor] = all
            losers = targets
        }
        watch.pointee.wanted = watch.pointee.applied
        for target in losers where target !== caller { target.watchingFailed(errno) }
    }

    /// Makes every change to the poller, which a forked child shares with its parent and must not change.
    private func change(
        _ descriptor: Int32, from old: Readiness, to new: Readiness, tag: UInt64
    ) throws(Errno) {
        if mark.isInForkedChild { return }
        try poller.change(descriptor, from: old, to: new, tag: tag)
        changeCount.add(1)
    }

    // MARK: Readiness

    /// Notifies each target of a descriptor of the ready directions that it still wants.
    ///
    /// Several targets are notified in the order in which they were added. Each tries its operation: the first takes
    /// what is available, and a target that gets nothing waits for the next turn.
    func dispatch(_ tag: UInt64, _ readiness: Readiness) {
        let watch = watches + Int(tag & 0xFFFF_FFFF)
        guard watch.pointee.generation == UInt32(tag >> 32) else { return drop(tag) }
        guard let target = watch.pointee.target else { return dispatchShared(tag, readiness) }
        let wanted = readiness.intersection(watch.pointee.wanted)
        if !wanted.isEmpty { notify(target, wanted) }
    }

    /// Drops readiness of a file that is no longer watched.
    @inline(never)
    private func drop(_ tag: UInt64) {
        guard stale.found(tag) else { return }
        let descriptor = Int32(truncatingIfNeeded: tag & 0xFFFF_FFFF)
        Log.write(
            .warning,
            "The loop does not sleep: the poller keeps reporting a file that was watched as descriptor \(descriptor), "
                + "closed, and is still open elsewhere: remove its reader and writer before closing a descriptor")
    }

    @inline(never)
    private func dispatchShared(_ tag: UInt64, _ readiness: Readiness) {
        let descriptor = Int32(truncatingIfNeeded: tag & 0xFFFF_FFFF)
        for sharer in sharers[descriptor]?.members ?? [] where !mark.isInForkedChild {
            // An earlier target may have released or rearmed the descriptor, or changed the wanted directions.
            guard watches[Int(descriptor)].generation == UInt32(tag >> 32) else { return }
            let wish = targets(of: descriptor).first { $0.target === sharer.target }?.wanted ?? .none
            let wanted = readiness.intersection(wish)
            if !wanted.isEmpty { sharer.target.ready(wanted) }
        }
    }

    /// Calls a target without retaining it: the table keeps its reference until the call has returned.
    private func notify(_ target: Unmanaged<ReadinessTarget>, _ readiness: Readiness) {
        notified = target
        target._withUnsafeGuaranteedRef { $0.ready(readiness) }
        notified = nil
        while deferredReleases > 0 {
            deferredReleases -= 1
            target.release()
        }
    }

    // MARK: All descriptors

    /// Calls `body` with each target, each direction that it waits for, and the time at which that wait began.
    ///
    /// The time is nil if the poller does not watch the direction yet.
    func forEachWait(_ body: (ReadinessTarget, Readiness, Int64?) -> Void) {
        for index in 0..<capacity {
            let watch = watches[index]
            for each in targets(of: Int32(index)) {
                if each.wanted.isReadable {
                    body(each.target, .readable, watch.applied.isReadable ? max(watch.readingSince, each.since) : nil)
                }
                if each.wanted.isWritable {
                    body(each.target, .writable, watch.applied.isWritable ? max(watch.writingSince, each.since) : nil)
                }
            }
        }
    }

    private func grow(to newCapacity: Int) {
        let larger = UnsafeMutablePointer<Watch>.allocate(capacity: newCapacity)
        larger.moveInitialize(from: watches, count: capacity)
        (larger + capacity).initialize(repeating: Watch(), count: newCapacity - capacity)
        watches.deallocate()
        watches = larger
        capacity = newCapacity
    }
}
