public import Kernel

/// Descriptors that are passed with the bytes of a Unix connection.
///
/// The connection must have been made with `passesDescriptors: true`.
extension StreamTransport {
    /// Sends bytes, after the bytes of earlier calls, and descriptors that the peer receives with the first of them.
    ///
    /// The transport owns the descriptors from now on: they are closed once the kernel has taken them, and at the
    /// latest when the connection is lost. Like ``WriteTransport/write(_:)-([UInt8])``, a call after the end of the
    /// connection drops everything.
    ///
    /// If this process's user has more descriptors in flight than this process's limit on open files
    /// (`RLIMIT_NOFILE`), the kernel refuses further ones, and the connection is lost with `ETOOMANYREFS`: let the peer
    /// confirm what it has received.
    ///
    /// Kernel: `SCM_RIGHTS`.
    ///
    /// - Parameters:
    ///   - bytes: At least one byte, because a stream cannot carry descriptors without one.
    ///   - descriptors: At most ``OwnedDescriptors/maxCount``.
    /// - Throws: ``EventLoopError``: `.invalidArgument` for no bytes or too many descriptors; `.notSupported` if the
    ///   connection passes no descriptors; `.wrongThread`. In all cases, the descriptors are closed.
    /// - Thread: The loop's.
    public func write(_ bytes: [UInt8], descriptors: consuming OwnedDescriptors) throws(EventLoopError) {
        guard let transport = self as? SocketTransport else { throw .passesNoDescriptors("write") }
        let queue = try transport.passed("write")
        guard !bytes.isEmpty else {
            throw .invalidArgument("write", "Descriptors need at least one byte that carries them")
        }
        guard descriptors.count <= OwnedDescriptors.maxCount else {
            let detail = "One write carries at most \(OwnedDescriptors.maxCount) descriptors, not \(descriptors.count)"
            throw .invalidArgument("write", detail)
        }
        transport.write(bytes, descriptors, queue)
    }

    /// Takes the first descriptor that has been received and not been taken.
    ///
    /// Descriptors arrive no later than the byte that they were sent with: when the protocol object receives the byte,
    /// or the reader returns it, they can be taken. They can still be taken after the connection is lost.
    ///
    /// If more than 1,012 descriptors wait to be taken, the connection is lost with `EOVERFLOW`. If the process has no
    /// numbers left for some of those that arrive, it is lost with `EMFILE`.
    ///
    /// - Returns: The descriptor; nil if there is none.
    /// - Throws: ``EventLoopError``: `.notSupported` if the connection passes no descriptors; `.wrongThread`.
    /// - Thread: The loop's.
    public func takeDescriptor() throws(EventLoopError) -> OwnedDescriptor? {
        guard let transport = self as? SocketTransport else { throw .passesNoDescriptors("takeDescriptor") }
        return try transport.passed("takeDescriptor").takeFirst()
    }

    /// Takes all descriptors that have been received and not been taken, in order.
    ///
    /// - Returns: The descriptors; possibly none.
    /// - Throws: ``EventLoopError``: `.notSupported` if the connection passes no descriptors; `.wrongThread`.
    /// - Thread: The loop's.
    public func takeDescriptors() throws(EventLoopError) -> OwnedDescriptors {
        guard let transport = self as? SocketTransport else { throw .passesNoDescriptors("takeDescriptors") }
        return try transport.passed("takeDescriptors").takeAll()
    }
}

extension EventLoopError {
    static func passesNoDescriptors(_ operation: String) -> EventLoopError {
        EventLoopError(
            .notSupported, operation,
            detail: "This connection passes no descriptors: make it with passesDescriptors: true, on a Unix socket")
    }
}
