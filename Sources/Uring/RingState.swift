import CUring
import Glibc
import Kernel

/// What changes while a ring runs, and the figures about it.
struct RingState: ~Copyable {
    /// What enter is called with: the index of the registered ring, or the descriptor.
    var enterDescriptor: UInt32 = 0
    /// Flags of every enter.
    var enterFlags: UInt32 = 0
    /// The thread that enabled the ring; 0 before.
    var owner: pthread_t = 0
    /// Of the process that made the ring: its memory is not copied into forked children.
    let mark = ForkMark()
    /// Whether completions are being delivered.
    var isDispatching = false
    /// A failure of an enter that had nobody to throw to; the next ``Ring/enter(_:)`` throws it.
    var latchedFailure: Int32 = 0
    /// Entries for which neither the queue nor the kernel had room.
    var spill = EntrySpill()

    var entriesQueued = 0
    var ignoredFailures = 0
    // What other threads may ask for.
    let entriesSubmitted = SingleWriterCounter()
    let enters = SingleWriterCounter()
    let completionsReaped = SingleWriterCounter()

    /// A zero for the queues of a closed ring to point at.
    let zero: UnsafeMutablePointer<UInt32>

    init() {
        zero = .allocate(capacity: 1)
        zero.initialize(to: 0)
    }
}
