internal import CLinux

/// Distinguishes an object from its copy in a forked child.
///
/// The kernel's half of a loop, its descriptors and queues, is not copied by `fork(2)` but shared: whatever a child did
/// with it would affect its parent. An object that owns such a half keeps a mark from the time of its creation, and
/// checks it before it enters the kernel in any way. Checking costs two loads.
///
/// Public for the same reason as ``SingleWriterCounter``: a `package` member is never inlined into another module.
@frozen
public struct ForkMark {
    /// The current number of forks between this process and the one that loaded the program.
    @usableFromInline let forks: UnsafePointer<UInt32>
    /// That number at the time when the mark was made.
    @usableFromInline let forksAtFirst: UInt32

    /// A mark of this process.
    public init() {
        forks = cl_process_forks_address()
        forksAtFirst = forks.pointee
    }

    /// Whether the mark is a copy, in a child of the process that made it.
    @inlinable
    public var isInForkedChild: Bool {
        forks.pointee != forksAtFirst
    }
}
