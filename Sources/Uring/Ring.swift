import CUring
import Glibc
import Kernel

/// One io_uring instance: a submission queue and a completion queue shared with the kernel.
///
/// Order of use: create it on any thread; call ``enable()`` on the thread that will use it. On that thread, queue
/// operations (Operations/), call ``enter(_:)`` to submit them and wait, and ``dispatch()`` to deliver their
/// completions. After every operation's last completion, call ``close()``.
///
/// Operations may also be queued before `enable()` and by targets during `dispatch()`.
package final class Ring {
    /// What this kernel supports.
    package let features: KernelFeatures

    /// The operations in flight and their targets.
    package let operations = OperationTable()
    /// liburing's structure of the queues, on which the inline C operates.
    let ring: UnsafeMutablePointer<io_uring>
    /// The ring's mutable state.
    ///
    /// Stored behind a pointer, to avoid exclusivity checks on the data path.
    let state: UnsafeMutablePointer<RingState>

    #if DEBUG
        /// Faults to inject in tests; debug builds only.
        package var faults: FaultPlan?
    #endif

    /// Opens a ring that is not enabled yet.
    ///
    /// - Throws: ``RingError``, usually for "io_uring_setup", if this process may not use io_uring, if there is not
    ///   enough memory for the smallest ring, or if the kernel lacks required features of Linux 6.1.
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

    /// Binds the ring to the calling thread, the only one that may use it from now on.
    package func enable() throws(RingError) {
        try checkOpen("io_uring_register(ENABLE_RINGS)")
        let result = cu_enable_ring(ring.pointee.ring_fd)
        guard result >= 0 else { throw RingError("io_uring_register(ENABLE_RINGS)", result: result) }
        state.pointee.owner = pthread_self()
        // Saves a descriptor lookup per enter. A thread can register sixteen rings; more rings work unregistered.
        let index = cu_register_ring(ring.pointee.ring_fd)
        guard index >= 0 else { return }
        state.pointee.enterDescriptor = UInt32(index)
        state.pointee.enterFlags |= IORING_ENTER_REGISTERED_RING
    }

    /// Closes the ring.
    ///
    /// A second call does nothing.
    ///
    /// Every operation must have had its last completion: the kernel ends any others some time later, and keeps their
    /// descriptors open and their memory in use until then. Call it on the ring's thread, which otherwise keeps the
    /// registered ring alive until it exits. Unsubmitted entries are dropped.
    package func close() {
        guard !isClosed else { return }
        precondition(!state.pointee.isDispatching, "a ring must not be closed during dispatch")
        if isOwnThread, state.pointee.enterFlags & IORING_ENTER_REGISTERED_RING != 0 {
            _ = cu_unregister_ring(ring.pointee.ring_fd, state.pointee.enterDescriptor)
        }
        if isInForkedChild {
            // The child does not have the ring's mappings, and may have others at their addresses.
            try? Descriptor.close(ring.pointee.ring_fd)
        } else {
            io_uring_queue_exit(ring)
        }
        state.pointee.spill.deallocate()
        state.pointee.owner = 0
        #if DEBUG
            // The plan's hooks may retain this ring.
            faults = nil
        #endif
        becomeEmpty()
    }

    /// Leaves queues without space and without completions, so that a late call fails clearly and reads no freed
    /// memory.
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
    /// The ring's descriptor, which polls as readable while completions are waiting; -1 after ``close()``.
    package var fileDescriptor: Int32 { ring.pointee.ring_fd }
    /// Whether ``close()`` has been called.
    package var isClosed: Bool { ring.pointee.ring_fd < 0 }
    /// The actual size of the submission queue, in entries.
    package var entries: UInt32 { ring.pointee.sq.ring_entries }
    /// The actual size of the completion queue, in completions.
    package var completionEntries: UInt32 { ring.pointee.cq.ring_entries }

    /// Entries queued so far, including those not yet submitted.
    package var entriesQueued: Int { state.pointee.entriesQueued }
    /// Entries that the kernel has taken so far.
    ///
    /// Any thread may read this and the next two.
    package var entriesSubmitted: Int { state.pointee.entriesSubmitted.value }
    /// Calls to io_uring_enter so far.
    package var enters: Int { state.pointee.enters.value }
    /// Completions read so far, including the ignored ones.
    package var completionsReaped: Int { state.pointee.completionsReaped.value }
    /// Failed operations with ``ReservedTag/ignored``: cancellations that came too late.
    package var ignoredFailures: Int { state.pointee.ignoredFailures }

    /// The kernel's ID of the calling thread, by which it identifies a ring's thread.
    ///
    /// Costs a system call.
    package static var callingThread: Int32 { cu_thread_number() }

    /// Whether the calling thread is the one that enabled the ring.
    package var isOwnThread: Bool { state.pointee.owner == pthread_self() && !isInForkedChild }

    /// Whether this is a copy of the ring in a forked child, which does not have the ring's memory.
    ///
    /// In the child, operations are queued in its own memory and never submitted, ``enter(_:)`` throws, ``dispatch()``
    /// does nothing, and ``close()`` closes only the child's descriptor.
    @inline(__always)
    package var isInForkedChild: Bool { state.pointee.mark.isInForkedChild }

    func checkOpen(_ operation: String) throws(RingError) {
        guard isClosed else { return }
        throw RingError(operation, result: -EBADF)
    }
}
