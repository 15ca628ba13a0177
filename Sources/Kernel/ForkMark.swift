internal import CLinux

/// Distinguishes an object from its copy in a forked child.
///
/// The kernel's half of a loop, its descriptors and queues, is not copied by `fork(2)` but shared: whatever a child did
/// with it would affect its parent. An object that owns such a half keeps a mark made at its creation, and checks the
/// mark before it makes any system call on that half. Checking costs two loads.
///
/// Public for the same reason as ``SingleWriterCounter``: a `package` member is never inlined into another module.
@frozen
public struct ForkMark {
    /// Points to the number of forks between this process and the one that loaded the program.
    @usableFromInline let forks: UnsafePointer<UInt32>
    /// The value of that number when the mark was made.
    @usableFromInline let forksAtFirst: UInt32

    /// Makes a mark of the current process.
    public init() {
        forks = cl_process_forks_address()
        forksAtFirst = forks.pointee
    }

    /// Whether the mark is a copy in a forked child of the process that made it.
    @inlinable
    public var isInForkedChild: Bool {
        forks.pointee != forksAtFirst
    }
}
