internal import EventLoops
internal import Kernel
internal import Polling

/// The descriptors that are watched, and the targets that wait for each.
///
/// What a target wants is noted at once and given to the poller before the loop waits, so a wish that is taken back by
/// then costs no system call. A tag is a descriptor and a generation: readiness that was found for a file that has been
/// closed, and whose number is in use again, is dropped.
///
/// A descriptor may have several targets, for instance a task that receives and one that sends. ``claim(_:)`` says that
/// a number stands for a new file, and ``release(_:_:)`` that a target waits no more: a target that joins another one
/// is never taken for the new owner of a number. The table holds one reference to each target.
final class WatchTable {
    private struct Watch {
        /// The only target; nil if there is none, or if there are several.
        var target: Unmanaged<ReadinessTarget>?
        var generation: UInt32 = 1
        /// What the poller knows.
        var applied: Readiness = .none
        /// What is wanted, by all targets together.
        var wanted: Readiness = .none
        var isListed = false
        /// Whether there are several targets: they are in ``WatchTable/sharers``.
        var isShared = false
        /// Since when the poller has known of each direction, by the table's clock.
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
    /// The targets of descriptors that have several: rare, so that the others need not pay for it.
    private var sharers: [Int32: WatchSharers] = [:]
    /// Descriptors for which something else is wanted than the poller knows.
    private var changed: [Int32] = []
    /// The only target of a descriptor while it is notified, and its references to be released afterwards.
    private var notified: Unmanaged<ReadinessTarget>?
    private var deferredReleases = 0
    /// Descriptors with a target.
    private(set) var live = 0
    /// Waits: the directions that each target wants of each descriptor.
    var waits: Int { waitCount.value }
    private let waitCount = SingleWriterCounter()
    /// Changes that the poller took.
    var changesMade: Int { changeCount.value }
    private let changeCount = SingleWriterCounter()
    /// The time of the loop's turn.
    private(set) var time = MonotonicClock.now()

    init(_ poller: any Poller) {
        self.poller = poller
    }

    deinit {
        for index in 0..<capacity { watches[index].target?.release() }
        watches.deallocate()
    }

    /// Reads the clock: once a turn, for all waits that begin in it.
    func updateTime() {
        time = MonotonicClock.now()
    }

    // MARK: Targets

    /// Says that a descriptor stands for a file that nothing waits for yet.
    ///
    /// Targets that are found there waited for a file that was closed without releasing them. They have nothing left to
    /// wait for and are removed.
    func claim(_ descriptor: Int32) {
        let index = Int(descriptor)
        guard index < capacity, watches[index].target != nil || watches[index].isShared else { return }
        for waiting in targets(of: descriptor) { release(descriptor, waiting.target) }
    }

    /// Sets what a target wants of a descriptor, which may be nothing.
    ///
    /// A target that is new there waits beside those that are there already.
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

    /// Notes what is wanted by all targets together.
    @inline(__always)
    private func setWanted(_ readiness: Readiness, of descriptor: Int32) {
        let watch = watches + Int(descriptor)
        watch.pointee.wanted = readiness
        guard watch.pointee.applied != readiness, !watch.pointee.isListed else { return }
        watch.pointee.isListed = true
        changed.append(descriptor)
    }

    /// Removes a target; with the last one the poller forgets the descriptor, which may then be closed.
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

    /// Takes a descriptor without targets out of the poller.
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

    /// The targets of a descriptor, with what each wants and since when.
    func targets(of descriptor: Int32) -> [WatchSharers.Sharer] {
        let watch = watches[Int(descriptor)]
        guard let only = watch.target else { return sharers[descriptor]?.members ?? [] }
        return [WatchSharers.Sharer(target: only.takeUnretainedValue(), wanted: watch.wanted, since: .min)]
    }

    // MARK: The poller

    /// Gives the poller what has changed.
    func apply() {
        // Most turns: nothing to walk, and nothing to empty.
        if changed.isEmpty { return }
        var next = 0
        // A target that is notified of a failure may want something else.
        while next < changed.count {
            let descriptor = changed[next]
            watches[Int(descriptor)].isListed = false
            try? applyNow(descriptor, for: nil)
            next += 1
        }
        changed.removeAll(keepingCapacity: true)
    }

    /// Gives the poller at once what is wanted of a descriptor.
    ///
    /// If that fails, what the poller knows stays wanted, and all targets but the caller are notified.
    func applyNow(_ descriptor: Int32, for caller: ReadinessTarget?) throws(Errno) {
        let watch = watches + Int(descriptor)
        guard watch.pointee.applied != watch.pointee.wanted else { return }
        do throws(Errno) { try put(descriptor) } catch {
            refused(descriptor, error, except: caller)
            throw error
        }
    }

    /// Gives the poller again what is wanted of a descriptor: its number may stand for another file than before, which
    /// the poller does not know.
    ///
    /// What was found of the former file is dropped. If this fails, the poller has nothing of the descriptor, nothing
    /// is wanted of it any more, and all targets but the caller are notified.
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

    /// The only way to the poller, which a forked child shares with its parent and must not change.
    private func change(
        _ descriptor: Int32, from old: Readiness, to new: Readiness, tag: UInt64
    ) throws(Errno) {
        if mark.isInForkedChild { return }
        try poller.change(descriptor, from: old, to: new, tag: tag)
        changeCount.add(1)
    }

    // MARK: Readiness

    /// Notifies the targets of a descriptor, each of what it still wants.
    ///
    /// Of several, all are notified in the order in which they came. Each tries its operation: the first gets what is
    /// there, and one that gets nothing waits for the next turn.
    func dispatch(_ tag: UInt64, _ readiness: Readiness) {
        let watch = watches + Int(tag & 0xFFFF_FFFF)
        guard watch.pointee.generation == UInt32(tag >> 32) else { return }
        guard let target = watch.pointee.target else { return dispatchShared(tag, readiness) }
        let wanted = readiness.intersection(watch.pointee.wanted)
        if !wanted.isEmpty { notify(target, wanted) }
    }

    @inline(never)
    private func dispatchShared(_ tag: UInt64, _ readiness: Readiness) {
        let descriptor = Int32(truncatingIfNeeded: tag & 0xFFFF_FFFF)
        for sharer in sharers[descriptor]?.members ?? [] where !mark.isInForkedChild {
            // The target before may have released or rearmed the descriptor, or changed what is wanted of it.
            guard watches[Int(descriptor)].generation == UInt32(tag >> 32) else { return }
            let wish = targets(of: descriptor).first { $0.target === sharer.target }?.wanted ?? .none
            let wanted = readiness.intersection(wish)
            if !wanted.isEmpty { sharer.target.ready(wanted) }
        }
    }

    /// Not retained for the call, but kept by the table until its end.
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

    /// Calls `body` for each target and direction that it waits for, and since when; nil if the poller has not been
    /// given the wait yet.
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
