internal import EventLoops
internal import Kernel
internal import Polling

/// The descriptors that are watched: who wants what of which, and since when.
///
/// What is wanted is noted at once and told to the poller before the loop waits: what is taken back until then costs no
/// system call. A tag is a descriptor and a generation, so that what was found of a descriptor that has been closed,
/// and whose number is in use again, is dropped. A watch holds one reference to its target.
final class WatchTable {
    private struct Watch {
        var target: Unmanaged<ReadinessTarget>?
        var generation: UInt32 = 1
        /// What the poller knows.
        var applied: Readiness = .none
        var wanted: Readiness = .none
        var isListed = false
        /// Since when the poller has known of each direction, as far as the loop knew the time.
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
    /// Descriptors of which something else is wanted than the poller knows.
    private var changed: [Int32] = []
    /// The target that is being told, and its references that are to be let go of afterwards.
    private var told: Unmanaged<ReadinessTarget>?
    private var owed = 0
    /// Descriptors with a target.
    private(set) var live = 0
    /// What is waited for: descriptors, each counted once for each direction.
    var waits: Int { waitCount.value }
    private let waitCount = SingleWriterCounter()
    /// Changes that the poller took.
    var changesMade: Int { changeCount.value }
    private let changeCount = SingleWriterCounter()
    /// The loop's latest look at its clock.
    private(set) var time = MonotonicClock.now()

    init(_ poller: any Poller) {
        self.poller = poller
    }

    /// Looks at the clock: once a turn, for all that is asked for in it.
    func updateTime() {
        time = MonotonicClock.now()
    }

    /// Says what a target wants of its descriptor from now on, which may be nothing.
    func want(_ readiness: Readiness, of descriptor: Int32, _ target: ReadinessTarget) {
        let index = Int(descriptor)
        if index >= capacity { grow(to: max(64, index + 1, capacity * 2)) }
        let watch = watches + index
        if let old = watch.pointee.target, old.toOpaque() != Unmanaged.passUnretained(target).toOpaque() {
            // Closed behind the loop's back, and its number in use again.
            drop(descriptor)
        }
        if watch.pointee.target == nil {
            watch.pointee.target = .passRetained(target)
            live += 1
        }
        waitCount.add(readiness.directions - watch.pointee.wanted.directions)
        watch.pointee.wanted = readiness
        guard watch.pointee.applied != readiness, !watch.pointee.isListed else { return }
        watch.pointee.isListed = true
        changed.append(descriptor)
    }

    /// Forgets a descriptor, before it is closed.
    func drop(_ descriptor: Int32) {
        let index = Int(descriptor)
        guard index < capacity, let target = watches[index].target else { return }
        let watch = watches + index
        if !watch.pointee.applied.isEmpty {
            try? change(descriptor, from: watch.pointee.applied, to: .none, tag: 0)
        }
        waitCount.add(-watch.pointee.wanted.directions)
        watch.pointee.target = nil
        watch.pointee.generation &+= 1
        watch.pointee.applied = .none
        watch.pointee.wanted = .none
        live -= 1
        if target.toOpaque() == told?.toOpaque() { owed += 1 } else { target.release() }
    }

    /// Tells the poller what has changed.
    func apply() {
        // Most turns: nothing to walk, and nothing to empty.
        if changed.isEmpty { return }
        var next = 0
        // Who is told of a failure may want something else.
        while next < changed.count {
            apply(changed[next])
            next += 1
        }
        changed.removeAll(keepingCapacity: true)
    }

    private func apply(_ descriptor: Int32) {
        watches[Int(descriptor)].isListed = false
        guard let target = watches[Int(descriptor)].target else { return }
        do throws(Errno) { try applyNow(descriptor) } catch { target.takeUnretainedValue().watchingFailed(error) }
    }

    /// Tells the poller at once what is wanted of a descriptor; if that fails, what it knows stays wanted.
    func applyNow(_ descriptor: Int32) throws(Errno) {
        let watch = watches + Int(descriptor)
        if watch.pointee.applied != watch.pointee.wanted { try put(descriptor) }
    }

    /// Tells the poller again what is wanted of a descriptor: its number may stand for another file than before, which
    /// the poller does not know.
    ///
    /// What was found of the former file is dropped. If the poller refuses, it has nothing of the descriptor.
    func rearm(_ descriptor: Int32) throws(Errno) {
        let watch = watches + Int(descriptor)
        watch.pointee.generation &+= 1
        do throws(Errno) { try put(descriptor) } catch {
            waitCount.add(-watch.pointee.wanted.directions)
            watch.pointee.wanted = .none
            watch.pointee.applied = .none
            throw error
        }
    }

    private func put(_ descriptor: Int32) throws(Errno) {
        let watch = watches + Int(descriptor)
        let tag = UInt64(watch.pointee.generation) << 32 | UInt64(UInt32(bitPattern: descriptor))
        do throws(Errno) {
            try change(descriptor, from: watch.pointee.applied, to: watch.pointee.wanted, tag: tag)
            watch.pointee.applyWanted(at: time)
        } catch {
            waitCount.add(watch.pointee.applied.directions - watch.pointee.wanted.directions)
            watch.pointee.wanted = watch.pointee.applied
            throw error
        }
    }

    /// The one way to the poller, which a forked child shares with its parent and must not change.
    private func change(
        _ descriptor: Int32, from old: Readiness, to new: Readiness, tag: UInt64
    ) throws(Errno) {
        if mark.isInForkedChild { return }
        try poller.change(descriptor, from: old, to: new, tag: tag)
        changeCount.add(1)
    }

    /// Tells a target what its descriptor is ready for, unless it does not want it any more.
    func dispatch(_ tag: UInt64, _ readiness: Readiness) {
        let watch = watches + Int(tag & 0xFFFF_FFFF)
        guard watch.pointee.generation == UInt32(tag >> 32), let target = watch.pointee.target else { return }
        let wanted = readiness.intersection(watch.pointee.wanted)
        if !wanted.isEmpty { tell(target, wanted) }
    }

    /// Not retained for the call, but kept by the table until its end.
    private func tell(_ target: Unmanaged<ReadinessTarget>, _ readiness: Readiness) {
        told = target
        target._withUnsafeGuaranteedRef { $0.ready(readiness) }
        told = nil
        while owed > 0 {
            owed -= 1
            target.release()
        }
    }

    /// Calls `body` with each descriptor and direction that is waited for: its target, and since when; nil if the
    /// poller is yet to be told.
    func forEachWait(_ body: (ReadinessTarget, Readiness, Int64?) -> Void) {
        for index in 0..<capacity {
            let watch = watches[index]
            guard let target = watch.target?.takeUnretainedValue() else { continue }
            if watch.wanted.isReadable { body(target, .readable, watch.applied.isReadable ? watch.readingSince : nil) }
            if watch.wanted.isWritable { body(target, .writable, watch.applied.isWritable ? watch.writingSince : nil) }
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

    deinit {
        for index in 0..<capacity { watches[index].target?.release() }
        watches.deallocate()
    }
}
