/// A descriptor that has exactly one owner, and is closed when its owner ends.
///
///     var received = try socket.receiveDescriptors().descriptors
///     if let file = received.takeFirst() {
///         write(file.fileDescriptor, "hello", 5)
///     }                                       // closed here
///
/// The type is not copyable, so a descriptor can be neither leaked nor closed twice.
public struct OwnedDescriptor: ~Copyable, Sendable {
    /// The descriptor's number, valid as long as this value.
    public let fileDescriptor: Int32

    /// Takes ownership of a descriptor.
    ///
    /// - Parameter fileDescriptor: An open descriptor that nothing else closes.
    public init(takingOwnershipOf fileDescriptor: Int32) {
        self.fileDescriptor = fileDescriptor
    }

    /// Makes a new descriptor that refers to the file of an existing one.
    ///
    /// Programs started by this process do not inherit it.
    ///
    /// - Parameter fileDescriptor: An open descriptor, which its owner keeps.
    /// - Throws: `.badFileDescriptor`; `.tooManyOpenFiles`.
    ///
    /// Kernel: `F_DUPFD_CLOEXEC`.
    public init(duplicating fileDescriptor: Int32) throws(Errno) {
        self.fileDescriptor = try Descriptor.duplicate(fileDescriptor)
    }

    deinit {
        try? Descriptor.close(fileDescriptor)
    }

    /// Gives up ownership.
    ///
    /// - Returns: The descriptor, which the caller has to close.
    public consuming func detach() -> Int32 {
        let number = fileDescriptor
        discard self
        return number
    }

    /// Gives the descriptor to a socket object.
    ///
    /// A method, so that it can follow an optional descriptor: `list.takeFirst()?.intoSocket()`.
    ///
    /// - Returns: The owner of the descriptor from now on.
    public consuming func intoSocket() -> Socket {
        Socket(takingOwnershipOf: detach())
    }
}
