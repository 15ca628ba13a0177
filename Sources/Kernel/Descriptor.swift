import Glibc

/// What can be done with any descriptor, whatever it stands for.
package enum Descriptor {
    /// Closes a descriptor; afterwards its number is free, even if this throws.
    ///
    /// Kernel: `close(2)`.
    ///
    /// Never repeated: Linux releases the number before anything can interrupt, so that a second try would close what
    /// another thread has opened meanwhile. For the same reason an interruption is success.
    package static func close(_ fd: Int32) throws(Errno) {
        do { try SystemCall.once { Glibc.close(fd) } } catch .interrupted {}
    }

    /// A second descriptor for the same open file, closed in programs that this one starts.
    ///
    /// Kernel: `F_DUPFD_CLOEXEC`.
    package static func duplicate(_ fd: Int32) throws(Errno) -> Int32 {
        try SystemCall.value { fcntl(fd, F_DUPFD_CLOEXEC, 0) }
    }

    /// Whether the number stands for something.
    ///
    /// Kernel: `F_GETFD`.
    package static func isOpen(_ fd: Int32) -> Bool {
        fcntl(fd, F_GETFD) != -1
    }

    /// How many descriptors the process has, for tests and messages; -1 if nobody says.
    ///
    /// Kernel: `/proc/self/fd`.
    package static func openCount() -> Int {
        guard let directory = opendir("/proc/self/fd") else { return -1 }
        defer { closedir(directory) }
        var entries = 0
        while readdir(directory) != nil { entries += 1 }
        // Less ".", ".." and the descriptor that reads the directory.
        return entries - 3
    }
}
