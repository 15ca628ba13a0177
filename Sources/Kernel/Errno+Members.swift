import Glibc

// The names are those of swift-system, except for `nameTooLong` and `notSupported`, whose names in swift-system mention
// only files and sockets.

// Errors about arguments and descriptors.
extension Errno {
    /// `EINVAL`: An argument is not valid for the call.
    public static var invalidArgument: Errno { Errno(rawValue: EINVAL) }

    /// `EBADF`: The descriptor is not open, or not open for this use.
    public static var badFileDescriptor: Errno { Errno(rawValue: EBADF) }

    /// `EBADFD`: The object is in a state that does not allow the operation.
    public static var badFileDescriptorState: Errno { Errno(rawValue: EBADFD) }

    /// `EFAULT`: A pointer refers to memory outside the process's address space.
    public static var badAddress: Errno { Errno(rawValue: EFAULT) }

    /// `ENOTSOCK`: The descriptor is not a socket.
    public static var notSocket: Errno { Errno(rawValue: ENOTSOCK) }

    /// `ENOSYS`: This kernel does not have the call, or a filter forbids it.
    public static var noFunction: Errno { Errno(rawValue: ENOSYS) }

    /// `EOPNOTSUPP`: The object does not support the operation; `ENOTSUP` has the same value.
    public static var notSupported: Errno { Errno(rawValue: EOPNOTSUPP) }

    /// `ERANGE`: The result does not fit, or a number is out of range.
    public static var outOfRange: Errno { Errno(rawValue: ERANGE) }

    /// `EOVERFLOW`: A value is too large for its type.
    public static var overflow: Errno { Errno(rawValue: EOVERFLOW) }

    /// `ENOTTY`: The request does not apply to this kind of object.
    public static var inappropriateIOCTLForDevice: Errno { Errno(rawValue: ENOTTY) }

    /// `ESPIPE`: The object has no position; pipes and sockets have none.
    public static var illegalSeek: Errno { Errno(rawValue: ESPIPE) }

    /// `EMFILE`: The process has reached its limit on descriptors.
    public static var tooManyOpenFiles: Errno { Errno(rawValue: EMFILE) }

    /// `ENFILE`: The system has reached its limit on open files.
    public static var tooManyOpenFilesInSystem: Errno { Errno(rawValue: ENFILE) }
}

// Errors about resources and time.
extension Errno {
    /// `ENOMEM`: Not enough memory, or more locked memory than the limit allows.
    public static var noMemory: Errno { Errno(rawValue: ENOMEM) }

    /// `ENOBUFS`: No buffer space is available.
    public static var noBufferSpace: Errno { Errno(rawValue: ENOBUFS) }

    /// `EBUSY`: The object is in use.
    public static var resourceBusy: Errno { Errno(rawValue: EBUSY) }

    /// `EAGAIN`: The call would have to wait; `EWOULDBLOCK` has the same value.
    public static var resourceTemporarilyUnavailable: Errno { Errno(rawValue: EAGAIN) }

    /// `EINTR`: A signal interrupted the call.
    public static var interrupted: Errno { Errno(rawValue: EINTR) }

    /// `ECANCELED`: The operation was cancelled.
    public static var canceled: Errno { Errno(rawValue: ECANCELED) }

    /// `ETIMEDOUT`: The peer did not answer in time.
    public static var timedOut: Errno { Errno(rawValue: ETIMEDOUT) }

    /// `ETIME`: A timer expired.
    public static var timerExpired: Errno { Errno(rawValue: ETIME) }

    /// `EDEADLK`: The call would cause a deadlock.
    public static var deadlock: Errno { Errno(rawValue: EDEADLK) }

    /// `EIO`: An I/O error occurred, for instance because a device failed.
    public static var ioError: Errno { Errno(rawValue: EIO) }

    /// `ENODATA`: There is no data under that name.
    public static var noData: Errno { Errno(rawValue: ENODATA) }

    /// `EWOULDBLOCK`: Another name for ``resourceTemporarilyUnavailable``.
    public static var wouldBlock: Errno { resourceTemporarilyUnavailable }
}

// Errors about sockets and networks.
extension Errno {
    /// `EPIPE`: The other end has stopped reading.
    public static var brokenPipe: Errno { Errno(rawValue: EPIPE) }

    /// `ECONNREFUSED`: No socket listens on that address.
    public static var connectionRefused: Errno { Errno(rawValue: ECONNREFUSED) }

    /// `ECONNRESET`: The peer reset the connection.
    public static var connectionReset: Errno { Errno(rawValue: ECONNRESET) }

    /// `ECONNABORTED`: The connection was aborted before it was accepted.
    public static var connectionAborted: Errno { Errno(rawValue: ECONNABORTED) }

    /// `EISCONN`: The socket is already connected.
    public static var isConnected: Errno { Errno(rawValue: EISCONN) }

    /// `ENOTCONN`: The socket is not connected.
    public static var notConnected: Errno { Errno(rawValue: ENOTCONN) }

    /// `ESHUTDOWN`: The socket's sending side was shut down.
    public static var socketShutdown: Errno { Errno(rawValue: ESHUTDOWN) }

    /// `EINPROGRESS`: The operation has started and continues in the background.
    public static var nowInProgress: Errno { Errno(rawValue: EINPROGRESS) }

    /// `EALREADY`: An earlier operation of this kind is still in progress.
    public static var alreadyInProcess: Errno { Errno(rawValue: EALREADY) }

    /// `EADDRINUSE`: Another socket has that address.
    public static var addressInUse: Errno { Errno(rawValue: EADDRINUSE) }

    /// `EADDRNOTAVAIL`: The address does not belong to this machine.
    public static var addressNotAvailable: Errno { Errno(rawValue: EADDRNOTAVAIL) }

    /// `EDESTADDRREQ`: No destination was given.
    public static var addressRequired: Errno { Errno(rawValue: EDESTADDRREQ) }

    /// `EAFNOSUPPORT`: This system does not support the address family.
    public static var addressFamilyNotSupported: Errno { Errno(rawValue: EAFNOSUPPORT) }

    /// `EPROTONOSUPPORT`: This system does not support the protocol.
    public static var protocolNotSupported: Errno { Errno(rawValue: EPROTONOSUPPORT) }

    /// `EPROTOTYPE`: The protocol does not match the type of the socket.
    public static var protocolWrongTypeForSocket: Errno { Errno(rawValue: EPROTOTYPE) }

    /// `ENOPROTOOPT`: The protocol does not have that option.
    public static var protocolNotAvailable: Errno { Errno(rawValue: ENOPROTOOPT) }

    /// `EPROTO`: The peer violated the protocol.
    public static var protocolError: Errno { Errno(rawValue: EPROTO) }

    /// `ESOCKTNOSUPPORT`: This system does not support the type of socket.
    public static var socketTypeNotSupported: Errno { Errno(rawValue: ESOCKTNOSUPPORT) }

    /// `EMSGSIZE`: The datagram is larger than the protocol allows.
    public static var messageTooLong: Errno { Errno(rawValue: EMSGSIZE) }

    /// `ENETDOWN`: The network interface is down.
    public static var networkDown: Errno { Errno(rawValue: ENETDOWN) }

    /// `ENETUNREACH`: No route leads to that network.
    public static var networkUnreachable: Errno { Errno(rawValue: ENETUNREACH) }

    /// `ENETRESET`: The network dropped the connection.
    public static var networkReset: Errno { Errno(rawValue: ENETRESET) }

    /// `EHOSTDOWN`: The host is down.
    public static var hostIsDown: Errno { Errno(rawValue: EHOSTDOWN) }

    /// `EHOSTUNREACH`: No route leads to that host.
    public static var noRouteToHost: Errno { Errno(rawValue: EHOSTUNREACH) }
}

// Errors about files, permissions and processes.
extension Errno {
    /// `ENOENT`: The file does not exist.
    public static var noSuchFileOrDirectory: Errno { Errno(rawValue: ENOENT) }

    /// `EEXIST`: The file, or the object to register, already exists.
    public static var fileExists: Errno { Errno(rawValue: EEXIST) }

    /// `EISDIR`: The file is a directory.
    public static var isDirectory: Errno { Errno(rawValue: EISDIR) }

    /// `ENOTDIR`: A component of the path is not a directory.
    public static var notDirectory: Errno { Errno(rawValue: ENOTDIR) }

    /// `ENOTEMPTY`: The directory is not empty.
    public static var directoryNotEmpty: Errno { Errno(rawValue: ENOTEMPTY) }

    /// `ENAMETOOLONG`: A path, or a component of it, is too long.
    public static var nameTooLong: Errno { Errno(rawValue: ENAMETOOLONG) }

    /// `ELOOP`: The path has too many symbolic links, or contains one where none is allowed.
    public static var tooManySymbolicLinkLevels: Errno { Errno(rawValue: ELOOP) }

    /// `EXDEV`: The two paths are on different file systems.
    public static var improperLink: Errno { Errno(rawValue: EXDEV) }

    /// `EFBIG`: The file would grow past a limit.
    public static var fileTooLarge: Errno { Errno(rawValue: EFBIG) }

    /// `ENOSPC`: The device is full.
    public static var noSpace: Errno { Errno(rawValue: ENOSPC) }

    /// `EDQUOT`: The user's disk quota is exhausted.
    public static var diskQuotaExceeded: Errno { Errno(rawValue: EDQUOT) }

    /// `EROFS`: The file system is read-only.
    public static var readOnlyFileSystem: Errno { Errno(rawValue: EROFS) }

    /// `ETXTBSY`: The program file is being run or written.
    public static var textFileBusy: Errno { Errno(rawValue: ETXTBSY) }

    /// `ESTALE`: The file no longer exists on the server.
    public static var staleNFSFileHandle: Errno { Errno(rawValue: ESTALE) }

    /// `ENODEV`: There is no such device.
    public static var operationNotSupportedByDevice: Errno { Errno(rawValue: ENODEV) }

    /// `ENXIO`: There is no such device, or no process at the other end.
    public static var noSuchAddressOrDevice: Errno { Errno(rawValue: ENXIO) }

    /// `EPERM`: The operation requires a privilege that the caller lacks.
    public static var notPermitted: Errno { Errno(rawValue: EPERM) }

    /// `EACCES`: The caller does not have permission to access the object.
    public static var permissionDenied: Errno { Errno(rawValue: EACCES) }

    /// `ESRCH`: There is no such process.
    public static var noSuchProcess: Errno { Errno(rawValue: ESRCH) }

    /// `ECHILD`: There is no such child process.
    public static var noChildProcess: Errno { Errno(rawValue: ECHILD) }

    /// `ENOEXEC`: The file is not a program that the kernel can run.
    public static var execFormatError: Errno { Errno(rawValue: ENOEXEC) }

    /// `E2BIG`: The arguments, or arguments and environment together, are too large.
    public static var argListTooLong: Errno { Errno(rawValue: E2BIG) }
}
