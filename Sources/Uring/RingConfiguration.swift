/// The requested sizes of a ring.
///
/// The actual sizes may be smaller; see ``RingSetup``.
package struct RingConfiguration: Sendable {
    /// Entries that can be queued before a system call is needed to free space.
    package var entries: UInt32
    /// Completions that the queue can hold.
    ///
    /// The kernel keeps further ones, at the cost of an allocation each.
    package var completionEntries: UInt32

    #if DEBUG
        /// Features that the kernel pretends to lack, for tests.
        package var pretence = SetupPretence()
    #endif

    /// Makes a configuration.
    ///
    /// 512 entries and 4096 completions take about 100 KiB. RLIMIT_MEMLOCK, usually 8 MiB, allows about 60 such rings
    /// for all processes of a user together.
    package init(entries: UInt32 = 512, completionEntries: UInt32 = 4096) {
        self.entries = entries
        self.completionEntries = completionEntries
    }
}
