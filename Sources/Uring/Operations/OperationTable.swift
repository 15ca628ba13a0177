import Kernel

/// The operations in flight: the target of each, its kind, and when it was submitted.
///
/// A tag is a slot's index and generation: a late completion does not match the slot's generation and is dropped.
/// One reference keeps a target with operations in flight alive, from the first submission to the last completion, so
/// that the memory that the kernel writes to is valid whatever happens to the connection.
package final class OperationTable {
    private struct Slot {
        var target: Unmanaged<CompletionTarget>?
        var generation: UInt32
        var nextFree: Int32
        /// When the operation was submitted, by the table's clock.
        var since: Int64
        var kind: OperationKind
    }

    private static let none: Int32 = -1
    private var slots = UnsafeMutablePointer<Slot>.allocate(capacity: 0)
    private var capacity = 0
    private var firstFree = none
    /// The number of operations whose last completion has not been dispatched.
    ///
    /// Any thread may read it.
    package var live: Int { inFlight.value }
    private let inFlight = SingleWriterCounter()
    /// The number of completions whose operations had already ended.
    package private(set) var stale = 0
    private var time = MonotonicClock.now()

    package init(capacity: Int = 256) {
        grow(to: capacity)
    }

    /// Reads the clock, once per turn, for all operations that are submitted in it.
    package func updateTime() {
        time = MonotonicClock.now()
    }

    /// Takes a slot and returns its tag.
    package func insert(_ target: CompletionTarget, _ kind: OperationKind) -> UInt64 {
        if firstFree == Self.none { grow(to: capacity * 2) }
        let index = Int(firstFree)
        let slot = slots + index
        firstFree = slot.pointee.nextFree
        slot.pointee.target = .passUnretained(target)
        // One reference covers all operations of a target, so a send while a receive is armed costs no retain.
        target.operationsInFlight &+= 1
        if target.operationsInFlight == 1 { _ = Unmanaged.passRetained(target) }
        slot.pointee.kind = kind
        slot.pointee.since = time
        inFlight.add(1)
        return UInt64(slot.pointee.generation) << 32 | UInt64(index)
    }

    /// Returns the target of a completion; nil if its operation has ended.
    ///
    /// The last completion frees the slot. The caller must call ``release(_:)`` after delivering it.
    package func complete(_ tag: UInt64, isLast: Bool) -> Unmanaged<CompletionTarget>? {
        let index = Int(truncatingIfNeeded: tag & 0xFFFF_FFFF)
        guard index < capacity else { return noteStale() }
        let slot = slots + index
        guard slot.pointee.generation == UInt32(tag >> 32), let target = slot.pointee.target else { return noteStale() }
        if isLast {
            slot.pointee.target = nil
            slot.pointee.generation &+= 1
            slot.pointee.nextFree = firstFree
            firstFree = Int32(truncatingIfNeeded: index)
            inFlight.add(-1)
        }
        return target
    }

    /// Releases a target if this was its last operation in flight.
    @inline(__always)
    static func release(_ target: Unmanaged<CompletionTarget>) {
        let left = target._withUnsafeGuaranteedRef {
            $0.operationsInFlight &-= 1
            return $0.operationsInFlight
        }
        if left == 0 { target.release() }
    }

    /// Calls `body` with each operation in flight: its target, tag and kind, and when it was submitted, in nanoseconds
    /// of the monotonic clock.
    package func forEachLive(_ body: (CompletionTarget, UInt64, OperationKind, Int64) -> Void) {
        for index in 0..<capacity {
            guard let target = slots[index].target else { continue }
            let tag = UInt64(slots[index].generation) << 32 | UInt64(index)
            body(target.takeUnretainedValue(), tag, slots[index].kind, slots[index].since)
        }
    }

    private func noteStale() -> Unmanaged<CompletionTarget>? {
        stale += 1
        return nil
    }

    private func grow(to newCapacity: Int) {
        let larger = UnsafeMutablePointer<Slot>.allocate(capacity: newCapacity)
        larger.moveInitialize(from: slots, count: capacity)
        for index in (capacity..<newCapacity).reversed() {
            (larger + index).initialize(
                to: Slot(target: nil, generation: 1, nextFree: firstFree, since: 0, kind: .nop))
            firstFree = Int32(index)
        }
        slots.deallocate()
        slots = larger
        capacity = newCapacity
    }

    deinit {
        // Targets of operations in flight are leaked on purpose: the kernel may still write to their memory.
        slots.deallocate()
    }
}
