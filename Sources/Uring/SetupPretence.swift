#if DEBUG
    import Glibc
    package import Kernel

    /// A kernel that lacks things, for tests on one that does not; debug builds only.
    package struct SetupPretence: Sendable {
        /// Set-up flags that are answered with EINVAL, as an older kernel would.
        package var unknownSetupFlags: UInt32 = 0
        /// Feature bits that the kernel does not report.
        package var missingFeatures: UInt32 = 0
        /// Operations that the probe denies.
        package var missingOperations: [OperationKind] = []
        /// Operations that the probe reports and a policy refuses.
        package var refusedOperations: [OperationKind] = []
        /// Ends that come right behind bytes are forgotten.
        package var forgetsEnds = false
        /// A ring of more completions than this is answered with ENOMEM, as under a low RLIMIT_MEMLOCK.
        package var mostCompletions: UInt32 = .max
        /// The answer to every set-up call, whatever it asks: how a container's profile or a sysctl looks.
        package var refusal: Errno?

        /// A kernel that lacks nothing.
        package init() {}

        /// What the pretended kernel says to a set-up call: 0 to ask the real one, or a negative error number.
        func answer(flags: UInt32, completionEntries: UInt32) -> Int32 {
            if let refusal { return -refusal.rawValue }
            if flags & unknownSetupFlags != 0 { return -EINVAL }
            return completionEntries > mostCompletions ? -ENOMEM : 0
        }

        /// What the pretended kernel says it can do.
        func features(_ found: KernelFeatures) -> KernelFeatures {
            KernelFeatures(
                setupFlags: found.setupFlags,
                featureBits: found.featureBits & ~missingFeatures,
                operations: found.operations
            ).denying(missingOperations)
        }
    }
#endif
