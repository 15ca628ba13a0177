import CUring
import Glibc
import Kernel

/// Sets up a ring with the best flags that the kernel supports, and with smaller queues if memory is short.
enum RingSetup {
    /// The flags common to all flag sets.
    ///
    /// CQSIZE: the caller sets the size of the completion queue. CLAMP: excessive sizes are clamped. R_DISABLED (5.10):
    /// the ring belongs to the thread that enables it, not to the one that creates it.
    private static let always = IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP | IORING_SETUP_R_DISABLED

    /// Flag sets to try, best first; a kernel returns EINVAL for a set with an unknown flag.
    ///
    /// Measured with 256 echo connections on 6.18: 245, 223 and 219 thousand messages per second for the first three.
    static let ladder: [UInt32] = [
        // Linux 6.1: completions are posted in batches, when the thread enters the kernel for them.
        always | IORING_SETUP_SUBMIT_ALL | IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN
            | IORING_SETUP_TASKRUN_FLAG,
        // Linux 5.19: completions do not interrupt the thread.
        always | IORING_SETUP_SUBMIT_ALL | IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG,
        // Linux 5.18: an invalid entry does not end the submission.
        always | IORING_SETUP_SUBMIT_ALL,
        // Linux 5.10.
        always,
    ]

    /// The smallest useful sizes: an error is better than a ring that always overflows.
    private static let floor = (entries: UInt32(16), completionEntries: UInt32(64))

    /// Opens a disabled ring in `ring`, which must be zeroed, and returns the kernel's features.
    static func open(
        _ ring: UnsafeMutablePointer<io_uring>, _ configuration: RingConfiguration
    ) throws(RingError) -> KernelFeatures {
        // Do this before the ring exists: liburing opens and maps it in one step, so its descriptor cannot be moved
        // later.
        do throws(Errno) { try Descriptor.occupyStandard() } catch {
            throw RingError(operation: "open /dev/null", errno: error)
        }
        var wanted = configuration
        wanted.entries = max(wanted.entries, 1)
        // The kernel returns EINVAL for a completion queue that is smaller than the submission queue.
        wanted.completionEntries = max(wanted.completionEntries, wanted.entries)
        var rung = 0
        while true {
            let result = attempt(ring, flags: ladder[rung], wanted)
            if result == 0 { break }
            if result == -EINVAL, rung + 1 < ladder.count {
                rung += 1
            } else if result != -ENOMEM || !halve(&wanted) {
                throw RingError("io_uring_setup", result: result)
            }
        }
        return try features(of: ring, configuration)
    }

    private static func attempt(
        _ ring: UnsafeMutablePointer<io_uring>, flags: UInt32, _ wanted: RingConfiguration
    ) -> Int32 {
        #if DEBUG
            let answer = wanted.pretence.answer(flags: flags, completionEntries: wanted.completionEntries)
            if answer < 0 { return answer }
        #endif
        var parameters = io_uring_params()
        parameters.flags = flags
        parameters.cq_entries = wanted.completionEntries
        return io_uring_queue_init_params(wanted.entries, ring, &parameters)
    }

    /// Halves both sizes; returns false if they are already at the minimum.
    ///
    /// Some kernels count the memory of all rings of a user against RLIMIT_MEMLOCK.
    private static func halve(_ wanted: inout RingConfiguration) -> Bool {
        guard wanted.completionEntries > floor.completionEntries else { return false }
        wanted.completionEntries /= 2
        wanted.entries = min(max(wanted.entries / 2, floor.entries), wanted.completionEntries)
        return true
    }

    /// Queries the features of the ring's kernel, and closes the ring if required ones are missing.
    private static func features(
        of ring: UnsafeMutablePointer<io_uring>, _ configuration: RingConfiguration
    ) throws(RingError) -> KernelFeatures {
        var operations: UInt64 = 0
        let probe = cu_probe(ring.pointee.ring_fd, &operations)
        var found = KernelFeatures(
            setupFlags: ring.pointee.flags, featureBits: ring.pointee.features, operations: operations)
        #if DEBUG
            found = configuration.pretence.features(found)
        #endif
        let missing = found.missing
        guard probe == 0, missing.isEmpty else {
            io_uring_queue_exit(ring)
            if probe < 0 { throw RingError("io_uring_register(PROBE)", result: probe) }
            throw RingError("io_uring_setup without \(missing.joined(separator: ", "))", result: -ENOSYS)
        }
        // A forked child that accesses the queues must fault rather than write to its parent's queues.
        _ = io_uring_ring_dontfork(ring)
        return found
    }
}
