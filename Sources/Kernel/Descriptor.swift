import Glibc

/// Operations on any descriptor, whatever it refers to.
package enum Descriptor {
    /// Closes a descriptor; its number is free afterwards, even if this throws.
    ///
    /// Kernel: `close(2)`.
    ///
    /// Never retried: Linux frees the number before the call can be interrupted, so a second call could close what
    /// another thread has opened in the meantime. For the same reason an interruption counts as success.
    package static func close(_ fd: Int32) throws(Errno) {
        do { try SystemCall.once { Glibc.close(fd) } } catch .interrupted {}
    }

    /// Returns a second descriptor for the same open file, with a number above 2; programs that this process starts do
    /// not inherit it.
    ///
    /// Kernel: `F_DUPFD_CLOEXEC`.
    package static func duplicate(_ fd: Int32) throws(Errno) -> Int32 {
        do throws(Errno) {
            return try SystemCall.value { fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1) }
        } catch {
            // The kernel returns EINVAL if the limit on descriptors is 3 or lower.
            throw error == .invalidArgument ? .tooManyOpenFiles : error
        }
    }

    /// Whether the descriptor is open.
    ///
    /// Kernel: `F_GETFD`.
    package static func isOpen(_ fd: Int32) -> Bool {
        fcntl(fd, F_GETFD) != -1
    }

    /// The number of open descriptors of the process, for tests and messages; -1 if it cannot be read.
    ///
    /// Kernel: `/proc/self/fd`.
    package static func openCount() -> Int {
        guard let directory = opendir("/proc/self/fd") else { return -1 }
        defer { closedir(directory) }
        var entries = 0
        while readdir(directory) != nil { entries += 1 }
        // Do not count ".", ".." and the descriptor that reads the directory.
        return entries - 3
    }
}
