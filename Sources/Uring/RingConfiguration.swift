/// The sizes that a ring is asked for.
///
/// It may get less; see ``RingSetup``.
package struct RingConfiguration: Sendable {
    /// Entries that can be queued before a system call must make room.
    package var entries: UInt32
    /// Completions that can wait; more are kept by the kernel, which costs it an allocation each.
    package var completionEntries: UInt32

    #if DEBUG
        /// What this machine's kernel shall pretend to lack.
        package var pretence = SetupPretence()
    #endif

    /// A ring of these sizes.
    ///
    /// 512 entries and 4096 completions are about 100 KiB; RLIMIT_MEMLOCK, usually 8 MiB, allows some 60 such rings to
    /// all processes of a user together.
    package init(entries: UInt32 = 512, completionEntries: UInt32 = 4096) {
        self.entries = entries
        self.completionEntries = completionEntries
    }
}
