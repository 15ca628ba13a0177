import Glibc

// Named after swift-system, so that one need not learn two sets; `nameTooLong` and `notSupported` are the exceptions,
// because the names of sockets and calls on other things than sockets fail with them, too.

// About arguments and descriptors.
extension Errno {
    /// `EINVAL`: An argument that the call does not know or allow.
    public static var invalidArgument: Errno { Errno(rawValue: EINVAL) }

    /// `EBADF`: The descriptor is not open, or not for this use.
    public static var badFileDescriptor: Errno { Errno(rawValue: EBADF) }

    /// `EBADFD`: The object is in a state that does not allow this.
    public static var badFileDescriptorState: Errno { Errno(rawValue: EBADFD) }

    /// `EFAULT`: A pointer outside the process's memory.
    public static var badAddress: Errno { Errno(rawValue: EFAULT) }

    /// `ENOTSOCK`: The descriptor is no socket.
    public static var notSocket: Errno { Errno(rawValue: ENOTSOCK) }

    /// `ENOSYS`: This kernel does not have the call, or a filter forbids it.
    public static var noFunction: Errno { Errno(rawValue: ENOSYS) }

    /// `EOPNOTSUPP`: The object cannot do this; `ENOTSUP` is the same number.
    public static var notSupported: Errno { Errno(rawValue: EOPNOTSUPP) }

    /// `ERANGE`: A result that does not fit.
    public static var outOfRange: Errno { Errno(rawValue: ERANGE) }

    /// `EOVERFLOW`: A value too large for its type.
    public static var overflow: Errno { Errno(rawValue: EOVERFLOW) }

    /// `ENOTTY`: The object is not of the kind that this request is for.
    public static var inappropriateIOCTLForDevice: Errno { Errno(rawValue: ENOTTY) }

    /// `ESPIPE`: The object has no position, as a pipe or a socket.
    public static var illegalSeek: Errno { Errno(rawValue: ESPIPE) }

    /// `EMFILE`: The process has as many descriptors as its limit allows.
    public static var tooManyOpenFiles: Errno { Errno(rawValue: EMFILE) }

    /// `ENFILE`: The system has as many open files as its limit allows.
    public static var tooManyOpenFilesInSystem: Errno { Errno(rawValue: ENFILE) }
}

// About resources and time.
extension Errno {
    /// `ENOMEM`: Not enough memory, or more locked memory than the limit allows.
    public static var noMemory: Errno { Errno(rawValue: ENOMEM) }

    /// `ENOBUFS`: No buffer is free.
    public static var noBufferSpace: Errno { Errno(rawValue: ENOBUFS) }

    /// `EBUSY`: The object is in use.
    public static var resourceBusy: Errno { Errno(rawValue: EBUSY) }

    /// `EAGAIN`: Not now; `EWOULDBLOCK` is the same number.
    public static var resourceTemporarilyUnavailable: Errno { Errno(rawValue: EAGAIN) }

    /// `EINTR`: A signal came in while the call waited.
    public static var interrupted: Errno { Errno(rawValue: EINTR) }

    /// `ECANCELED`: The operation was cancelled.
    public static var canceled: Errno { Errno(rawValue: ECANCELED) }

    /// `ETIMEDOUT`: The other side did not answer in time.
    public static var timedOut: Errno { Errno(rawValue: ETIMEDOUT) }

    /// `ETIME`: A timer ran out.
    public static var timerExpired: Errno { Errno(rawValue: ETIME) }

    /// `EDEADLK`: The call would wait for itself.
    public static var deadlock: Errno { Errno(rawValue: EDEADLK) }

    /// `EIO`: A device failed.
    public static var ioError: Errno { Errno(rawValue: EIO) }

    /// `ENODATA`: There is nothing under that name.
    public static var noData: Errno { Errno(rawValue: ENODATA) }

    /// `EWOULDBLOCK`: ``resourceTemporarilyUnavailable`` by its other name.
    public static var wouldBlock: Errno { resourceTemporarilyUnavailable }
}

// About sockets and networks.
extension Errno {
    /// `EPIPE`: The other end does not read any more.
    public static var brokenPipe: Errno { Errno(rawValue: EPIPE) }

    /// `ECONNREFUSED`: Nobody listens there.
    public static var connectionRefused: Errno { Errno(rawValue: ECONNREFUSED) }

    /// `ECONNRESET`: The peer broke the connection off.
    public static var connectionReset: Errno { Errno(rawValue: ECONNRESET) }

    /// `ECONNABORTED`: The connection broke before it was accepted.
    public static var connectionAborted: Errno { Errno(rawValue: ECONNABORTED) }

    /// `EISCONN`: The socket is connected already.
    public static var isConnected: Errno { Errno(rawValue: EISCONN) }

    /// `ENOTCONN`: The socket is not connected.
    public static var notConnected: Errno { Errno(rawValue: ENOTCONN) }

    /// `ESHUTDOWN`: The socket's sending side was shut down.
    public static var socketShutdown: Errno { Errno(rawValue: ESHUTDOWN) }

    /// `EINPROGRESS`: The operation has begun and goes on by itself.
    public static var nowInProgress: Errno { Errno(rawValue: EINPROGRESS) }

    /// `EALREADY`: An earlier operation of this kind has not ended yet.
    public static var alreadyInProcess: Errno { Errno(rawValue: EALREADY) }

    /// `EADDRINUSE`: Another socket has that address.
    public static var addressInUse: Errno { Errno(rawValue: EADDRINUSE) }

    /// `EADDRNOTAVAIL`: The address is not one of this machine.
    public static var addressNotAvailable: Errno { Errno(rawValue: EADDRNOTAVAIL) }

    /// `EDESTADDRREQ`: No destination was given.
    public static var addressRequired: Errno { Errno(rawValue: EDESTADDRREQ) }

    /// `EAFNOSUPPORT`: This machine does not have that address family.
    public static var addressFamilyNotSupported: Errno { Errno(rawValue: EAFNOSUPPORT) }

    /// `EPROTONOSUPPORT`: This machine does not have that protocol.
    public static var protocolNotSupported: Errno { Errno(rawValue: EPROTONOSUPPORT) }

    /// `EPROTOTYPE`: The protocol does not fit the type of socket.
    public static var protocolWrongTypeForSocket: Errno { Errno(rawValue: EPROTOTYPE) }

    /// `ENOPROTOOPT`: The protocol does not have that option.
    public static var protocolNotAvailable: Errno { Errno(rawValue: ENOPROTOOPT) }

    /// `EPROTO`: The other side broke the protocol.
    public static var protocolError: Errno { Errno(rawValue: EPROTO) }

    /// `ESOCKTNOSUPPORT`: This machine does not have that type of socket.
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

// About files, permissions and processes.
extension Errno {
    /// `ENOENT`: The path leads nowhere.
    public static var noSuchFileOrDirectory: Errno { Errno(rawValue: ENOENT) }

    /// `EEXIST`: The path, or the thing to register, is there already.
    public static var fileExists: Errno { Errno(rawValue: EEXIST) }

    /// `EISDIR`: The path leads to a directory.
    public static var isDirectory: Errno { Errno(rawValue: EISDIR) }

    /// `ENOTDIR`: A part of the path is no directory.
    public static var notDirectory: Errno { Errno(rawValue: ENOTDIR) }

    /// `ENOTEMPTY`: The directory is not empty.
    public static var directoryNotEmpty: Errno { Errno(rawValue: ENOTEMPTY) }

    /// `ENAMETOOLONG`: A path, or a part of it, is too long.
    public static var nameTooLong: Errno { Errno(rawValue: ENAMETOOLONG) }

    /// `ELOOP`: The path leads through too many symbolic links, or through one where none is allowed.
    public static var tooManySymbolicLinkLevels: Errno { Errno(rawValue: ELOOP) }

    /// `EXDEV`: The two paths are on different file systems.
    public static var improperLink: Errno { Errno(rawValue: EXDEV) }

    /// `EFBIG`: The file would grow past a limit.
    public static var fileTooLarge: Errno { Errno(rawValue: EFBIG) }

    /// `ENOSPC`: The device is full.
    public static var noSpace: Errno { Errno(rawValue: ENOSPC) }

    /// `EDQUOT`: The user's share of the device is full.
    public static var diskQuotaExceeded: Errno { Errno(rawValue: EDQUOT) }

    /// `EROFS`: The file system allows no writing.
    public static var readOnlyFileSystem: Errno { Errno(rawValue: EROFS) }

    /// `ETXTBSY`: The program file is being run or written.
    public static var textFileBusy: Errno { Errno(rawValue: ETXTBSY) }

    /// `ESTALE`: The file on the server is gone.
    public static var staleNFSFileHandle: Errno { Errno(rawValue: ESTALE) }

    /// `ENODEV`: There is no such device.
    public static var operationNotSupportedByDevice: Errno { Errno(rawValue: ENODEV) }

    /// `ENXIO`: There is no such device, or nobody at the other end.
    public static var noSuchAddressOrDevice: Errno { Errno(rawValue: ENXIO) }

    /// `EPERM`: The caller may not do this at all.
    public static var notPermitted: Errno { Errno(rawValue: EPERM) }

    /// `EACCES`: The caller may not do this with that object.
    public static var permissionDenied: Errno { Errno(rawValue: EACCES) }

    /// `ESRCH`: There is no such process.
    public static var noSuchProcess: Errno { Errno(rawValue: ESRCH) }

    /// `ECHILD`: There is no such child process.
    public static var noChildProcess: Errno { Errno(rawValue: ECHILD) }

    /// `ENOEXEC`: The file is not a program that the kernel can run.
    public static var execFormatError: Errno { Errno(rawValue: ENOEXEC) }

    /// `E2BIG`: Arguments and environment, or a list of arguments, are too large.
    public static var argListTooLong: Errno { Errno(rawValue: E2BIG) }
}
