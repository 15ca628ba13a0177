import CUring

/// What this kernel's io_uring can do, by name: from the set-up call, the features it reported and the probe.
package struct KernelFeatures: Sendable, CustomStringConvertible {
    /// The set-up flags that the kernel took.
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

    /// Whether the kernel knows the operation; for multishot ones, whether it is of a version that does them.
    ///
    /// What no probe tells (multishot flags that a sandbox filters) is the self-test's business.
    package func supports(_ kind: OperationKind) -> Bool {
        operations >> UInt64(kind.opcode) & operations >> UInt64(kind.traits.witness) & 1 != 0
    }

    /// The same features without some operations: what tests use to see an older kernel.
    package func denying(_ kinds: [OperationKind]) -> KernelFeatures {
        let denied = kinds.reduce(into: UInt64(0)) { $0 |= 1 << UInt64($1.traits.witness) }
        return KernelFeatures(setupFlags: setupFlags, featureBits: featureBits, operations: operations & ~denied)
    }

    /// The flags and features in hexadecimal, and the operations that are missing.
    package var description: String {
        let missing = OperationKind.allCases.filter { !supports($0) }.map(\.name)
        return "setup 0x\(String(setupFlags, radix: 16)), features 0x\(String(featureBits, radix: 16))"
            + (missing.isEmpty ? "" : ", without \(missing.joined(separator: ", "))")
    }
}

extension KernelFeatures {
    /// Completions are made only when the ring's thread asks for them, in batches (Linux 6.1).
    package var deferTaskrun: Bool { setupFlags & IORING_SETUP_DEFER_TASKRUN != 0 }
    /// The kernel enforces that one thread uses the ring, and profits from it (Linux 6.0).
    package var singleIssuer: Bool { setupFlags & IORING_SETUP_SINGLE_ISSUER != 0 }
    /// Completions do not interrupt the thread with a signal to its processor (Linux 5.19).
    package var cooperativeTaskrun: Bool { setupFlags & IORING_SETUP_COOP_TASKRUN != 0 }
    /// The ring shows in memory when entering the kernel would bring completions (Linux 5.19).
    package var taskrunFlag: Bool { setupFlags & IORING_SETUP_TASKRUN_FLAG != 0 }
    /// A bad entry does not hold up those behind it (Linux 5.18).
    package var submitsAll: Bool { setupFlags & IORING_SETUP_SUBMIT_ALL != 0 }

    /// A wait can end at a time instead of after one (Linux 6.12).
    ///
    /// ABS_TIMER has no bit of its own; the minimum wait came with the same kernel and has one.
    package var absoluteTimer: Bool { featureBits & CU_FEAT_MIN_TIMEOUT != 0 }
    /// A loop that sleeps is not shown as waiting for disks (Linux 6.15).
    package var noIOWait: Bool { featureBits & CU_FEAT_NO_IOWAIT != 0 }

    /// What of the above this kernel has, by the kernel's names.
    package var names: [String] {
        let all = [
            ("IORING_SETUP_SUBMIT_ALL", submitsAll), ("IORING_SETUP_COOP_TASKRUN", cooperativeTaskrun),
            ("IORING_SETUP_TASKRUN_FLAG", taskrunFlag), ("IORING_SETUP_SINGLE_ISSUER", singleIssuer),
            ("IORING_SETUP_DEFER_TASKRUN", deferTaskrun), ("IORING_ENTER_ABS_TIMER", absoluteTimer),
            ("IORING_ENTER_NO_IOWAIT", noIOWait),
        ]
        return all.filter { $0.1 }.map { $0.0 }
    }

    /// The features without which this package does not run: those of Linux 5.17, all of which 6.1 has.
    ///
    /// NODROP: no completion is lost when the ring is full. SUBMIT_STABLE: what an entry points at is copied when it is
    /// submitted. FAST_POLL: sockets wait without a thread each. EXT_ARG: a wait can end by time. CQE_SKIP: no
    /// completion for a close that succeeds.
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
