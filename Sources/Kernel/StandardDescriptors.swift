import Glibc

/// Keeps the numbers of standard input, output and error away from sockets and from a loop's own descriptors.
///
/// A process may start with descriptors 0 to 2 closed. The kernel returns the lowest free number, so a socket could
/// become descriptor 2, and everything that the process logs would be sent to the peer.
extension Descriptor {
    /// Returns a newly created descriptor, moved to a number above 2 if necessary.
    ///
    /// Kernel: `F_DUPFD_CLOEXEC`. Usually, no system call is needed.
    ///
    /// - Parameter fd: The descriptor; the caller must use the result instead. It is closed if this throws.
    @inline(__always)
    package static func aboveStandard(_ fd: Int32) throws(Errno) -> Int32 {
        fd > STDERR_FILENO ? fd : try moveAboveStandard(fd)
    }

    @inline(never)
    private static func moveAboveStandard(_ fd: Int32) throws(Errno) -> Int32 {
        defer {
            try? close(fd)
            // Best effort: if this fails, the next new descriptor is moved, too.
            try? occupyStandard()
        }
        return try duplicate(fd)
    }

    /// Opens `/dev/null` on each of the descriptors 0 to 2 that is closed.
    ///
    /// They stay open until the process ends, and programs that it starts inherit them. The runtimes of Rust and Go do
    /// the same. Call this before setting up a ring: its accept operations install descriptors before the loop sees the
    /// completions. Moving a descriptor then would be too late, because the output of callbacks that run in between
    /// could already have gone to it.
    ///
    /// Kernel: `open(2)`. If none is closed, only three `fcntl(2)` calls are made, and `/dev/null` is not needed.
    package static func occupyStandard() throws(Errno) {
        while (STDIN_FILENO...STDERR_FILENO).contains(where: { fcntl($0, F_GETFD) < 0 }) {
            let fd: Int32
            do throws(Errno) {
                fd = try SystemCall.value { open("/dev/null", O_RDWR | O_CLOEXEC) }
            } catch {
                // At the descriptor limit, nothing else can be opened on 0 to 2 either.
                if error == .tooManyOpenFiles { return }
                throw error
            }
            guard fd <= STDERR_FILENO else { return try close(fd) }
            try SystemCall.nothing { fcntl(fd, F_SETFD, 0) }
        }
    }
}
