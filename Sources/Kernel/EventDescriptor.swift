import CLinux
import Glibc

/// A counter of the kernel that wakes who waits for it; the cheapest way to wake a loop.
///
/// Kernel: `eventfd(2)`.
///
/// A value without an owner: whoever made it closes it, once.
package struct EventDescriptor: Sendable {
    /// The descriptor; readable while the counter is above zero.
    package let fd: Int32

    /// Makes a counter at zero, closed in programs that this one starts.
    ///
    /// Throws `.tooManyOpenFiles` and its like.
    ///
    /// Nonblocking is for who drains it after polling. What the ring reads must block: to a read of a nonblocking
    /// descriptor io_uring answers `EAGAIN` at once instead of waiting.
    package init(nonblocking: Bool = true) throws(Errno) {
        let flags = Int32(EFD_CLOEXEC) | (nonblocking ? Int32(EFD_NONBLOCK) : 0)
        fd = try Descriptor.aboveStandard(try SystemCall.value { eventfd(0, flags) })
    }

    /// Adds 1, from any thread and even from a signal handler.
    ///
    /// Errors are of no interest: `EAGAIN` says that the counter is full, hence that the other side is awake anyway.
    package func signal() {
        var one: UInt64 = 1
        _ = write(fd, &one, MemoryLayout<UInt64>.size)
    }

    /// Takes the counter back to zero.
    ///
    /// A blocking one at zero waits for the next ``signal()``; a nonblocking one throws
    /// `.resourceTemporarilyUnavailable`.
    package func drain() throws(Errno) {
        var count: UInt64 = 0
        _ = try SystemCall.count { read(fd, &count, MemoryLayout<UInt64>.size) }
    }

    /// Closes the descriptor; who waits on another thread is not woken by it.
    package func close() {
        try? Descriptor.close(fd)
    }
}
