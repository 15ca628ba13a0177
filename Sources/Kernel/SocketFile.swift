import Glibc

/// Calls on the files of Unix sockets.
package enum SocketFile {
    /// What identifies a file, whatever its name.
    package struct Identity: Hashable, Sendable {
        let device: UInt64
        let inode: UInt64

        package init(device: UInt64, inode: UInt64) {
            self.device = device
            self.inode = inode
        }
    }

    package struct Status: Sendable {
        package let identity: Identity
        package let isSocket: Bool
        /// The permissions: the lower twelve bits of the mode.
        package let permissions: UInt32

        package init(identity: Identity, isSocket: Bool, permissions: UInt32) {
            self.identity = identity
            self.isSocket = isSocket
            self.permissions = permissions
        }
    }

    /// Reads a file's status; a symbolic link is not followed.
    ///
    /// Kernel: `lstat(2)`.
    package static func status(_ path: [UInt8]) throws(Errno) -> Status {
        var status = stat()
        let path = cString(path)
        try SystemCall.nothing { lstat(path, &status) }
        return Status(
            identity: Identity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino)),
            isSocket: status.st_mode & S_IFMT == S_IFSOCK, permissions: UInt32(status.st_mode) & 0o7777)
    }

    /// Removes a name; a symbolic link is not followed.
    ///
    /// Kernel: `unlink(2)`.
    package static func remove(_ path: [UInt8]) throws(Errno) {
        let path = cString(path)
        try SystemCall.nothing { unlink(path) }
    }

    /// Sets the permissions of a file; a symbolic link is not followed.
    ///
    /// Kernel: `fchmodat(2)` with `AT_SYMLINK_NOFOLLOW`.
    package static func setPermissions(_ path: [UInt8], _ permissions: UInt32) throws(Errno) {
        let path = cString(path)
        try SystemCall.nothing { fchmodat(AT_FDCWD, path, mode_t(permissions), AT_SYMLINK_NOFOLLOW) }
    }

    /// Limits the permissions that the file of a socket gets when the socket is bound.
    ///
    /// The kernel creates the file with these, less those in the process' umask.
    ///
    /// Kernel: `fchmod(2)`.
    package static func limitPermissions(_ socket: Int32, _ permissions: UInt32) throws(Errno) {
        try SystemCall.nothing { fchmod(socket, mode_t(permissions)) }
    }

    private static func cString(_ path: [UInt8]) -> [CChar] {
        path.map { CChar(bitPattern: $0) } + [0]
    }
}
