import CLinux
import Glibc

/// A kernel counter that wakes a waiting thread; the cheapest way to wake a loop.
///
/// Kernel: `eventfd(2)`.
///
/// Copies share the descriptor; the creator must close it exactly once.
package struct EventDescriptor: Sendable {
    /// The descriptor, which is readable while the counter is above zero.
    package let fd: Int32

    /// Makes a counter with the value zero; programs started by this process do not inherit its descriptor.
    ///
    /// - Parameter nonblocking: True if the caller drains the counter after polling; false if a ring reads it, because
    ///   io_uring completes a read from a nonblocking descriptor with `EAGAIN` instead of waiting.
    /// - Throws: `.tooManyOpenFiles` and other errors from the kernel.
    package init(nonblocking: Bool = true) throws(Errno) {
        let flags = Int32(EFD_CLOEXEC) | (nonblocking ? Int32(EFD_NONBLOCK) : 0)
        fd = try Descriptor.aboveStandard(try SystemCall.value { eventfd(0, flags) })
    }

    /// Adds 1; safe on any thread and in signal handlers.
    ///
    /// Errors are ignored: `EAGAIN` means that the counter is full, so the reader will wake in any case.
    package func signal() {
        var one: UInt64 = 1
        _ = write(fd, &one, MemoryLayout<UInt64>.size)
    }

    /// Resets the counter to zero.
    ///
    /// If it is zero already, a blocking counter waits for ``signal()``, and a nonblocking one throws
    /// `.resourceTemporarilyUnavailable`.
    package func drain() throws(Errno) {
        var count: UInt64 = 0
        _ = try SystemCall.count { read(fd, &count, MemoryLayout<UInt64>.size) }
    }

    /// Closes the descriptor; this does not wake a thread that is waiting for it.
    package func close() {
        try? Descriptor.close(fd)
    }
}
