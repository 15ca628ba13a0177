import CUring

/// What this kernel's io_uring supports: the accepted set-up flags, the reported features, and the probed operations.
package struct KernelFeatures: Sendable, CustomStringConvertible {
    /// The set-up flags that the kernel accepted.
    package let setupFlags: UInt32
    /// The feature bits that the set-up call reported.
    package let featureBits: UInt32
    let operations: UInt64

    init(setupFlags: UInt32, featureBits: UInt32, operations: UInt64) {
        self.setupFlags = setupFlags
        self.featureBits = featureBits
        self.operations = operations
    }

    /// The required operations that this kernel lacks.
    package var missingOperations: [OperationKind] {
        OperationKind.allCases.filter { $0.isRequired && !supports($0) }
    }

    /// Whether the kernel supports the operation; for a multishot kind, judged by another operation of the same kernel
    /// version.
    ///
    /// The probe cannot detect a sandbox that filters multishot flags; the self-test does.
    package func supports(_ kind: OperationKind) -> Bool {
        operations >> UInt64(kind.opcode) & operations >> UInt64(kind.traits.witness) & 1 != 0
    }

    /// The same features without some operations, for tests that simulate an older kernel.
    package func denying(_ kinds: [OperationKind]) -> KernelFeatures {
        let denied = kinds.reduce(into: UInt64(0)) { $0 |= 1 << UInt64($1.traits.witness) }
        return KernelFeatures(setupFlags: setupFlags, featureBits: featureBits, operations: operations & ~denied)
    }

    /// The flags and features in hexadecimal, and the missing operations.
    package var description: String {
        let missing = OperationKind.allCases.filter { !supports($0) }.map(\.name)
        return "setup 0x\(String(setupFlags, radix: 16)), features 0x\(String(featureBits, radix: 16))"
            + (missing.isEmpty ? "" : ", without \(missing.joined(separator: ", "))")
    }
}

extension KernelFeatures {
    /// Whether completions are posted in batches, only when the ring's thread enters the kernel for them (Linux 6.1).
    package var deferTaskrun: Bool { setupFlags & IORING_SETUP_DEFER_TASKRUN != 0 }
    /// Whether the kernel relies on, and enforces, the use of the ring by a single thread (Linux 6.0).
    package var singleIssuer: Bool { setupFlags & IORING_SETUP_SINGLE_ISSUER != 0 }
    /// Whether completions send no inter-processor interrupt to the ring's thread (Linux 5.19).
    package var cooperativeTaskrun: Bool { setupFlags & IORING_SETUP_COOP_TASKRUN != 0 }
    /// Whether a flag in shared memory shows that entering the kernel would yield completions (Linux 5.19).
    package var taskrunFlag: Bool { setupFlags & IORING_SETUP_TASKRUN_FLAG != 0 }
    /// Whether an invalid entry does not stop the submission of later ones (Linux 5.18).
    package var submitsAll: Bool { setupFlags & IORING_SETUP_SUBMIT_ALL != 0 }

    /// Whether a wait can have an absolute deadline instead of a duration (Linux 6.12).
    ///
    /// ABS_TIMER has no feature bit of its own; MIN_TIMEOUT has one and was added by the same kernel version.
    package var absoluteTimer: Bool { featureBits & CU_FEAT_MIN_TIMEOUT != 0 }
    /// Whether a sleeping loop is not accounted as I/O wait (Linux 6.15).
    package var noIOWait: Bool { featureBits & CU_FEAT_NO_IOWAIT != 0 }

    /// The kernel's names for those of the features above that it has.
    package var names: [String] {
        let all = [
            ("IORING_SETUP_SUBMIT_ALL", submitsAll), ("IORING_SETUP_COOP_TASKRUN", cooperativeTaskrun),
            ("IORING_SETUP_TASKRUN_FLAG", taskrunFlag), ("IORING_SETUP_SINGLE_ISSUER", singleIssuer),
            ("IORING_SETUP_DEFER_TASKRUN", deferTaskrun), ("IORING_ENTER_ABS_TIMER", absoluteTimer),
            ("IORING_ENTER_NO_IOWAIT", noIOWait),
        ]
        return all.filter { $0.1 }.map { $0.0 }
    }

    /// The features that this package requires: those of Linux 5.17, and thus also of 6.1.
    ///
    /// NODROP: a full queue loses no completion. SUBMIT_STABLE: submission copies the data that an entry points to.
    /// FAST_POLL: an operation waits for a socket without a kernel thread. EXT_ARG: a wait can have a timeout.
    /// CQE_SKIP: a successful cancellation posts no completion.
    static let required: [(bit: UInt32, name: String)] = [
        (IORING_FEAT_NODROP, "NODROP"),
        (IORING_FEAT_SUBMIT_STABLE, "SUBMIT_STABLE"),
        (IORING_FEAT_FAST_POLL, "FAST_POLL"),
        (IORING_FEAT_EXT_ARG, "EXT_ARG"),
        (IORING_FEAT_CQE_SKIP, "CQE_SKIP"),
    ]

    /// The required features that this kernel lacks.
    var missing: [String] {
        Self.required.filter { featureBits & $0.bit == 0 }.map(\.name)
    }
}
