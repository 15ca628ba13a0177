import CUring
import Glibc
import Kernel

/// One io_uring: a queue of entries that ask the kernel for operations, and a queue of their completions.
///
/// Order of use: make it on any thread; ``enable()`` on the thread that will use it; then, on that thread, queue
/// operations (Operations/), ``enter(_:)`` to submit them and wait, ``dispatch()`` to deliver their completions; at the
/// end, when every operation has had its last completion, ``close()``.
///
/// Operations may be queued before `enable()` and by targets during `dispatch()`.
package final class Ring {
    /// What this kernel can do.
    package let features: KernelFeatures

    /// The operations in flight and their targets.
    package let operations = OperationTable()
    /// liburing's view of the queues, which the inline C works on.
    let ring: UnsafeMutablePointer<io_uring>
    /// All that changes while the ring runs.
    ///
    /// Behind a pointer, so that the hot path pays no exclusivity checks.
    let state: UnsafeMutablePointer<RingState>

    #if DEBUG
        /// What shall go wrong, in tests; debug builds only.
        package var faults: FaultPlan?
    #endif

    /// Opens a ring that is not enabled yet.
    ///
    /// - Throws: ``RingError`` of "io_uring_setup" when this process may not have a ring, of less memory than the
    ///   smallest takes, or when the kernel is older than Linux 6.1 in what matters.
    package init(_ configuration: RingConfiguration = RingConfiguration()) throws(RingError) {
        ring = .allocate(capacity: 1)
        ring.initialize(to: io_uring())
        do throws(RingError) {
            features = try RingSetup.open(ring, configuration)
        } catch {
            ring.deallocate()
            throw error
        }
        state = .allocate(capacity: 1)
        state.initialize(to: RingState())
        state.pointee.enterDescriptor = UInt32(ring.pointee.ring_fd)
        state.pointee.enterFlags = features.noIOWait ? CU_ENTER_NO_IOWAIT : 0
    }

    deinit {
        close()
        state.pointee.zero.deallocate()
        state.deinitialize(count: 1)
        state.deallocate()
        ring.deallocate()
    }

    /// Gives the ring to the calling thread, which alone may use it from now on.
    package func enable() throws(RingError) {
        try checkOpen("io_uring_register(ENABLE_RINGS)")
        let result = cu_enable_ring(ring.pointee.ring_fd)
        guard result >= 0 else { throw RingError("io_uring_register(ENABLE_RINGS)", result: result) }
        state.pointee.owner = pthread_self()
        // Saves a descriptor look-up per enter. Sixteen rings a thread may have it; the seventeenth does without.
        let index = cu_register_ring(ring.pointee.ring_fd)
        guard index >= 0 else { return }
        state.pointee.enterDescriptor = UInt32(index)
        state.pointee.enterFlags |= IORING_ENTER_REGISTERED_RING
    }

    /// Closes the ring.
    ///
    /// Does nothing the second time.
    ///
    /// Every operation must have had its last completion: the kernel ends what is left some time later, with the
    /// descriptors open and the memory in use until then. Call it on the ring's thread, which otherwise keeps the
    /// registered ring alive until it exits. Entries that were not submitted are dropped.
    package func close() {
        guard !isClosed else { return }
        precondition(!state.pointee.isDispatching, "a ring must not be closed during dispatch")
        if isOwnThread, state.pointee.enterFlags & IORING_ENTER_REGISTERED_RING != 0 {
            _ = cu_unregister_ring(ring.pointee.ring_fd, state.pointee.enterDescriptor)
        }
        if isInForkedChild {
            // What the child has mapped where the parent has the queues is not the ring's.
            try? Descriptor.close(ring.pointee.ring_fd)
        } else {
            io_uring_queue_exit(ring)
        }
        state.pointee.spill.deallocate()
        state.pointee.owner = 0
        #if DEBUG
            // The plan's hooks may hold what holds this ring.
            faults = nil
        #endif
        becomeEmpty()
    }

    /// Leaves queues without room and without completions, so that a late call meets a message and not freed memory.
    private func becomeEmpty() {
        ring.pointee = io_uring()
        ring.pointee.ring_fd = -1
        let zero = state.pointee.zero
        ring.pointee.sq.khead = zero
        ring.pointee.sq.ktail = zero
        ring.pointee.sq.kflags = zero
        ring.pointee.cq.khead = zero
        ring.pointee.cq.ktail = zero
    }
}

extension Ring {
    /// The ring's descriptor, which polls readable when completions wait; -1 after ``close()``.
    package var fileDescriptor: Int32 { ring.pointee.ring_fd }
    /// Whether ``close()`` was called.
    package var isClosed: Bool { ring.pointee.ring_fd < 0 }
    /// Places in the submission queue, after what set-up made of the wish.
    package var entries: UInt32 { ring.pointee.sq.ring_entries }
    /// Places in the completion queue, after what set-up made of the wish.
    package var completionEntries: UInt32 { ring.pointee.cq.ring_entries }

    /// Entries queued so far, whether the kernel has them or not.
    package var entriesQueued: Int { state.pointee.entriesQueued }
    /// Entries that the kernel has taken so far.
    ///
    /// Any thread, as the next two.
    package var entriesSubmitted: Int { state.pointee.entriesSubmitted.value }
    /// Calls of io_uring_enter so far.
    package var enters: Int { state.pointee.enters.value }
    /// Completions seen so far, the ignored ones too.
    package var completionsReaped: Int { state.pointee.completionsReaped.value }
    /// Failures of operations that nobody waits for: cancels that came too late, closes of bad descriptors.
    package var ignoredFailures: Int { state.pointee.ignoredFailures }

    /// The kernel's number of the calling thread, by which it knows who may use a ring.
    ///
    /// A system call.
    package static var callingThread: Int32 { cu_thread_number() }

    /// Whether the calling thread is the one that enabled the ring.
    package var isOwnThread: Bool { state.pointee.owner == pthread_self() && !isInForkedChild }

    /// Whether this is a copy of the ring in a forked child, where the ring's memory is not mapped.
    ///
    /// There, operations are queued in memory of the child's and never submitted, ``enter(_:)`` throws, ``dispatch()``
    /// finds nothing, and ``close()`` closes the child's descriptor only.
    @inline(__always)
    package var isInForkedChild: Bool { state.pointee.mark.isInForkedChild }

    func checkOpen(_ operation: String) throws(RingError) {
        guard isClosed else { return }
        throw RingError(operation, result: -EBADF)
    }
}
