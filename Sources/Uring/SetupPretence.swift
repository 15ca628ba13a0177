#if DEBUG
    import Glibc
    package import Kernel

    /// Features that the kernel pretends to lack, for tests; debug builds only.
    package struct SetupPretence: Sendable {
        /// Set-up flags that fail with EINVAL, as on an older kernel.
        package var unknownSetupFlags: UInt32 = 0
        /// Feature bits that the kernel does not report.
        package var missingFeatures: UInt32 = 0
        /// Operations that the probe does not report.
        package var missingOperations: [OperationKind] = []
        /// Operations that the probe reports but a policy refuses.
        package var refusedOperations: [OperationKind] = []
        /// Whether the kernel misses the end of a connection that arrives right after bytes.
        package var forgetsEnds = false
        /// The largest completion queue; larger ones fail with ENOMEM, as with a low RLIMIT_MEMLOCK.
        package var mostCompletions: UInt32 = .max
        /// The error of every set-up call, as from a container's seccomp profile or a sysctl.
        package var refusal: Errno?

        /// Makes a pretence in which the kernel lacks nothing.
        package init() {}

        /// The pretended result of a set-up call: a negative error number, or 0 to call the real kernel.
        func answer(flags: UInt32, completionEntries: UInt32) -> Int32 {
            if let refusal { return -refusal.rawValue }
            if flags & unknownSetupFlags != 0 { return -EINVAL }
            return completionEntries > mostCompletions ? -ENOMEM : 0
        }

        /// The features that the pretended kernel reports.
        func features(_ found: KernelFeatures) -> KernelFeatures {
            KernelFeatures(
                setupFlags: found.setupFlags,
                featureBits: found.featureBits & ~missingFeatures,
                operations: found.operations
            ).denying(missingOperations)
        }
    }
#endif
