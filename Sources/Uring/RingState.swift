import CUring
import Glibc
import Kernel

/// The mutable state and counters of a ring.
struct RingState: ~Copyable {
    /// The argument of enter: the index of the registered ring, or the descriptor.
    var enterDescriptor: UInt32 = 0
    /// The flags passed to every enter.
    var enterFlags: UInt32 = 0
    /// The thread that enabled the ring; 0 before that.
    var owner: pthread_t = 0
    /// Identifies the process that created the ring: forked children do not inherit its memory.
    let mark = ForkMark()
    /// Whether completions are being delivered.
    var isDispatching = false
    /// A failed enter whose caller could not throw; the next ``Ring/enter(_:)`` throws the error.
    var latchedFailure: Int32 = 0
    /// Entries that did not fit into the queue while the kernel accepted none.
    var spill = EntrySpill()

    var entriesQueued = 0
    var ignoredFailures = 0
    // Any thread may read the following counters.
    let entriesSubmitted = SingleWriterCounter()
    let enters = SingleWriterCounter()
    let completionsReaped = SingleWriterCounter()

    /// The zero that a closed ring's queue pointers point to.
    let zero: UnsafeMutablePointer<UInt32>

    init() {
        zero = .allocate(capacity: 1)
        zero.initialize(to: 0)
    }
}
