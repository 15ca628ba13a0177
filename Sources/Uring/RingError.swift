import Glibc
package import Kernel

/// A failed system call of the ring, with a remedy for the person who runs the program.
///
/// Failures of set-up, registration and enter are thrown as this error. A failed operation instead completes with a
/// negative result.
package struct RingError: Error, Sendable, CustomStringConvertible {
    /// What failed: "io_uring_setup", "io_uring_enter", "io_uring_register(PBUF_RING)", "self-test: accept".
    package let operation: String
    /// The error number that the kernel returned.
    package let errno: Errno

    /// Makes an error.
    package init(operation: String, errno: Errno) {
        self.operation = operation
        self.errno = errno
    }

    /// Makes an error from a kernel result, which is a negative error number.
    init(_ operation: String, result: Int32) {
        self.init(operation: operation, errno: Errno(rawValue: -result))
    }

    /// The operation, the error and the remedy, in one line for a log.
    package var description: String {
        "\(operation): \(errno). \(remedy)"
    }

    /// What the error means for a ring and how to resolve it, in one or two sentences.
    package var remedy: String {
        switch errno.rawValue {
        case EPERM, EACCES, EOPNOTSUPP, ENOSYS: remedyWhenRefused
        case ENOMEM, EMFILE, ENFILE, EAGAIN, EBUSY: remedyWhenExhausted
        case EEXIST, EBADFD, EBADF, ENXIO, EINVAL: remedyWhenMisused
        case EBADR:
            "The kernel was out of memory and dropped completions: the outcome of their operations is unknown. "
                + "Close the loop."
        case ETIMEDOUT:
            "The kernel accepted the operation but never completed it. Use another backend and report the version."
        default:
            "No remedy is known for this error."
        }
    }
}

extension RingError {
    /// What to do when the system does not allow this process to use io_uring.
    private var remedyWhenRefused: String {
        switch errno.rawValue {
        case EPERM:
            "io_uring is not permitted. In a container, the default seccomp profile of Docker, Podman and Kubernetes "
                + "denies it: allow io_uring_setup, io_uring_enter and io_uring_register. On the host, check "
                + "sysctl kernel.io_uring_disabled: 0 allows io_uring, 1 requires CAP_SYS_ADMIN or membership in "
                + "kernel.io_uring_group, 2 disables it."
        case ENOSYS:
            "This kernel is too old or hides io_uring (gVisor, some seccomp profiles): Linux 6.1 or later is required."
        default:
            "A security module or a platform policy denies io_uring: allow it there or use another backend."
        }
    }

    /// What to do when a resource limit was reached.
    private var remedyWhenExhausted: String {
        switch errno.rawValue {
        case ENOMEM:
            "The memory of all rings of a user counts against RLIMIT_MEMLOCK: raise it (ulimit -l, LimitMEMLOCK= of "
                + "systemd, --ulimit memlock= of Docker), or use fewer loops or smaller rings."
        case EMFILE:
            "This process has no descriptors left: raise RLIMIT_NOFILE (ulimit -n) or close some."
        case ENFILE:
            "The system-wide limit of open files was reached: raise sysctl fs.file-max."
        default:
            "The kernel is out of memory or of space for completions: dispatch completions and enter again."
        }
    }

    /// What to do when the ring was used in a state or on a thread that does not allow it.
    private var remedyWhenMisused: String {
        switch errno.rawValue {
        case EEXIST where operation.contains("PBUF_RING"):
            "The buffer group is already registered, or the call was made on the wrong thread."
        case EEXIST:
            "A ring belongs to the thread that enabled it: use it only on the loop's thread."
        case EBADFD where operation.contains("ENABLE_RINGS"):
            "The ring is already enabled and belongs to the thread that enabled it."
        case EBADFD:
            "The ring is not enabled: call enable() on the thread that will use it."
        case EINVAL where operation == "io_uring_enter":
            "The ring is not registered for this thread: after fork(), the child must not use its parent's loop."
        case EINVAL:
            "This kernel does not support the request: Linux 6.1 or later is required."
        default:
            "The ring is closed."
        }
    }
}
