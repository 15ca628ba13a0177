internal import CLinux

/// Tells an object from its copy in a forked child.
///
/// The kernel's half of a loop, its descriptors and queues, is not copied by `fork(2)` but shared: whatever a child did
/// with it would happen to its parent. An object that owns such a half keeps a mark from when it was made, and asks it
/// before each way into the kernel. Asking costs two loads.
///
/// Public for the same reason as ``SingleWriterCounter``: a `package` member is never inlined into another module.
@frozen
public struct ForkMark {
    /// How many forks lie between this process and the one that loaded the program, now.
    @usableFromInline let forks: UnsafePointer<UInt32>
    /// The same, when the mark was made.
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
