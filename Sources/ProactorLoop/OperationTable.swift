internal import EventLoops
internal import Kernel
internal import Uring

/// The operations in flight: who waits for which, and since when.
///
/// A tag is a slot's index and its generation, so that a completion that comes late finds its slot taken by another and
/// is dropped. A target with operations in flight is held by one reference, from the first one's submission to the last
/// completion: whatever happens to the connection meanwhile, what the kernel writes to is alive.
final class OperationTable {
    private struct Slot {
        var target: Unmanaged<CompletionTarget>?
        var generation: UInt32
        var kind: OperationKind
        var nextFree: Int32
        /// When it was asked for, as far as the loop knew.
        var since: Int64
    }

    private static let none: Int32 = -1
    private var slots = UnsafeMutablePointer<Slot>.allocate(capacity: 0)
    private var capacity = 0
    private var firstFree = none
    /// Operations whose last completion has not come.
    var live: Int { inFlight.value }
    private let inFlight = SingleWriterCounter()
    /// Completions for operations that were over.
    private(set) var stale = 0
    /// The loop's latest look at its clock.
    private(set) var time = MonotonicClock.now()

    init(capacity: Int = 256) {
        grow(to: capacity)
    }

    /// Looks at the clock: once a turn, for all that is asked for in it.
    func look() {
        time = MonotonicClock.now()
    }

    /// Takes a slot and returns its tag.
    func insert(_ target: CompletionTarget, _ kind: OperationKind) -> UInt64 {
        if firstFree == Self.none { grow(to: capacity * 2) }
        let index = Int(firstFree)
        let slot = slots + index
        firstFree = slot.pointee.nextFree
        slot.pointee.target = .passUnretained(target)
        // One reference for all: a send in the shadow of a receive that stays costs none.
        target.operationsInFlight &+= 1
        if target.operationsInFlight == 1 { _ = Unmanaged.passRetained(target) }
        slot.pointee.kind = kind
        slot.pointee.since = time
        inFlight.add(1)
        return UInt64(slot.pointee.generation) << 32 | UInt64(index)
    }

    /// Whose completion this is; nil if its operation is over.
    ///
    /// With the last completion the slot is freed; the caller then has to say ``operationIsOver(_:)``, once it has told
    /// the target.
    func complete(
        _ tag: UInt64, isLast: Bool
    ) -> (target: Unmanaged<CompletionTarget>, kind: OperationKind)? {
        let index = Int(truncatingIfNeeded: tag & 0xFFFF_FFFF)
        guard index < capacity else { return noteStale() }
        let slot = slots + index
        guard slot.pointee.generation == UInt32(tag >> 32), let target = slot.pointee.target else { return noteStale() }
        let kind = slot.pointee.kind
        if isLast {
            slot.pointee.target = nil
            slot.pointee.generation &+= 1
            slot.pointee.nextFree = firstFree
            firstFree = Int32(truncatingIfNeeded: index)
            inFlight.add(-1)
        }
        return (target, kind)
    }

    /// Lets go of a target whose last operation this was.
    @inline(__always)
    static func operationIsOver(_ target: Unmanaged<CompletionTarget>) {
        let left = target._withUnsafeGuaranteedRef {
            $0.operationsInFlight &-= 1
            return $0.operationsInFlight
        }
        if left == 0 { target.release() }
    }

    /// Calls `body` with the tag of each operation in flight.
    func forEachLive(_ body: (UInt64, OperationKind) -> Void) {
        for index in 0..<capacity where slots[index].target != nil {
            body(UInt64(slots[index].generation) << 32 | UInt64(index), slots[index].kind)
        }
    }

    /// Calls `body` with each operation in flight: its target, what it does, and since when it has been asked for.
    func forEachTarget(_ body: (CompletionTarget, OperationKind, Int64) -> Void) {
        for index in 0..<capacity {
            guard let target = slots[index].target else { continue }
            body(target.takeUnretainedValue(), slots[index].kind, slots[index].since)
        }
    }

    private func noteStale() -> (target: Unmanaged<CompletionTarget>, kind: OperationKind)? {
        stale += 1
        return nil
    }

    private func grow(to newCapacity: Int) {
        let larger = UnsafeMutablePointer<Slot>.allocate(capacity: newCapacity)
        larger.moveInitialize(from: slots, count: capacity)
        for index in (capacity..<newCapacity).reversed() {
            (larger + index).initialize(
                to: Slot(target: nil, generation: 1, kind: .nop, nextFree: firstFree, since: 0))
            firstFree = Int32(index)
        }
        slots.deallocate()
        slots = larger
        capacity = newCapacity
    }

    deinit {
        // Targets of operations that the kernel still has are left alive on purpose: it may write to their memory.
        slots.deallocate()
    }
}
