import Glibc
package import Kernel

/// Why the kernel did not do what the ring asked for, and what the person who runs the program can do about it.
///
/// Only the ring itself fails this way: setting it up, registering with it, entering it. A single operation that fails
/// is a completion with a negative result.
package struct RingError: Error, Sendable, CustomStringConvertible {
    /// What was refused: "io_uring_setup", "io_uring_enter", "io_uring_register(PBUF_RING)", "self-test: accept".
    package let operation: String
    /// The kernel's answer.
    package let errno: Errno

    /// An error of one operation of the ring.
    package init(operation: String, errno: Errno) {
        self.operation = operation
        self.errno = errno
    }

    /// The error in a kernel result, which is a negative error number.
    init(_ operation: String, result: Int32) {
        self.init(operation: operation, errno: Errno(rawValue: -result))
    }

    /// One line for a log: the operation, the error and the remedy.
    package var description: String {
        "\(operation): \(errno). \(remedy)"
    }

    /// What this error means here and what to do about it, in one or two sentences.
    package var remedy: String {
        switch errno.rawValue {
        case EPERM, EACCES, EOPNOTSUPP, ENOSYS: remedyWhenRefused
        case ENOMEM, EMFILE, ENFILE, EAGAIN, EBUSY: remedyWhenExhausted
        case EEXIST, EBADFD, EBADF, ENXIO, EINVAL: remedyWhenMisused
        case EBADR:
            "The kernel had no memory for completions and dropped some: what became of their operations is unknown. "
                + "Close the loop."
        case ETIMEDOUT:
            "The kernel took the operation but never completed it. Use another backend and report the kernel's version."
        default:
            "No remedy is known for this error."
        }
    }
}

extension RingError {
    /// The system does not let this process use io_uring at all.
    private var remedyWhenRefused: String {
        switch errno.rawValue {
        case EPERM:
            "io_uring is forbidden here. In a container the seccomp profile forbids it (the default of Docker, Podman "
                + "and Kubernetes): allow io_uring_setup, io_uring_enter and io_uring_register. On the host look at "
                + "sysctl kernel.io_uring_disabled: 0 allows it, 1 only with CAP_SYS_ADMIN or in "
                + "kernel.io_uring_group, 2 to no one."
        case ENOSYS:
            "This kernel is too old or hides io_uring (gVisor, some seccomp profiles): Linux 6.1 or later is needed."
        default:
            "A security module or the platform's policy denies io_uring: allow it there or use another backend."
        }
    }

    /// A limit was reached.
    private var remedyWhenExhausted: String {
        switch errno.rawValue {
        case ENOMEM:
            "Memory for rings counts against RLIMIT_MEMLOCK of the user, over all processes: raise it (ulimit -l, "
                + "LimitMEMLOCK= of systemd, --ulimit memlock= of Docker), or use fewer loops or smaller rings."
        case EMFILE:
            "This process has no descriptor left: raise RLIMIT_NOFILE (ulimit -n) or close some."
        case ENFILE:
            "The whole system has no file left: raise sysctl fs.file-max."
        default:
            "The kernel is short of memory or of places for completions: reap completions and enter again."
        }
    }

    /// The ring was used in a state or from a thread that it does not allow.
    private var remedyWhenMisused: String {
        switch errno.rawValue {
        case EEXIST where operation.contains("PBUF_RING"):
            "This buffer group is registered already, or the call came from another thread than the ring's."
        case EEXIST:
            "A ring belongs to the thread that enabled it: call from the loop's thread only."
        case EBADFD where operation.contains("ENABLE_RINGS"):
            "The ring is enabled already, and belongs to the thread that did it."
        case EBADFD:
            "The ring is not enabled: call enable() on the thread that will use it."
        case EINVAL where operation == "io_uring_enter":
            "The kernel does not know this thread's ring: after fork() the child must not use its parent's loop."
        case EINVAL:
            "This kernel does not know what was asked of it: Linux 6.1 or later is needed."
        default:
            "The ring was closed."
        }
    }
}
