import Glibc

/// Keeps the numbers of standard input, output and error away from sockets and from a loop's own descriptors.
///
/// A process may start with descriptors 0 to 2 closed. The kernel returns the lowest free number, so a socket could
/// become descriptor 2, and everything that the process logs would be sent to the peer.
extension Descriptor {
    /// Returns a descriptor that was just created, moved to a number above 2 if necessary.
    ///
    /// Kernel: `F_DUPFD_CLOEXEC`. In the usual case there is no system call.
    ///
    /// - Parameter fd: The descriptor; the caller must use the result in its place. Closed if this throws.
    @inline(__always)
    package static func aboveStandard(_ fd: Int32) throws(Errno) -> Int32 {
        fd > STDERR_FILENO ? fd : try moveAboveStandard(fd)
    }

    @inline(never)
    private static func moveAboveStandard(_ fd: Int32) throws(Errno) -> Int32 {
        defer {
            try? close(fd)
            // Best effort: without it, the next descriptor is moved, too.
            try? occupyStandard()
        }
        return try duplicate(fd)
    }

    /// Opens `/dev/null` on each of the descriptors 0 to 2 that is closed.
    ///
    /// They stay open until the process ends, and programs that it starts inherit them. The runtimes of Rust and Go do
    /// the same. A ring needs it before it is set up: its accepts install descriptors before the loop sees the
    /// completions, so moving those afterwards would be too late for output of callbacks that run in between.
    ///
    /// Kernel: `open(2)`; three system calls if none is closed, so that `/dev/null` is not needed then.
    package static func occupyStandard() throws(Errno) {
        while (STDIN_FILENO...STDERR_FILENO).contains(where: { fcntl($0, F_GETFD) < 0 }) {
            let fd: Int32
            do throws(Errno) {
                fd = try SystemCall.value { open("/dev/null", O_RDWR | O_CLOEXEC) }
            } catch {
                // At the limit no number is free, so these three are not free either.
                if error == .tooManyOpenFiles { return }
                throw error
            }
            guard fd <= STDERR_FILENO else { return try close(fd) }
            try SystemCall.nothing { fcntl(fd, F_SETFD, 0) }
        }
    }
}
