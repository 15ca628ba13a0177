/// A message of a Unix socket: bytes, and the descriptors received with them.
public struct DescriptorMessage: ~Copyable, Sendable {
    /// The bytes; empty at the end of a stream.
    public let bytes: [UInt8]
    /// The descriptors; those that are not taken out are closed with the message.
    public var descriptors: OwnedDescriptors
    /// Whether the end of a datagram or record was cut off, because it was longer than requested.
    ///
    /// Kernel: `MSG_TRUNC`.
    public let isTruncated: Bool

    package init(bytes: [UInt8], descriptors: consuming OwnedDescriptors, isTruncated: Bool) {
        self.bytes = bytes
        self.descriptors = descriptors
        self.isTruncated = isTruncated
    }
}

/// An error of sending or receiving descriptors.
public struct DescriptorError: Error, Sendable, CustomStringConvertible {
    /// What went wrong.
    ///
    /// `.tooManyOpenFiles` if the process had no descriptors left for some of those that arrived, `.messageTooLong` if
    /// more arrived than were requested, otherwise the kernel's error.
    public let errno: Errno
    /// The bytes of a message whose descriptors were lost: they cannot be received again.
    ///
    /// All its descriptors are closed.
    public let bytes: [UInt8]

    package init(_ errno: Errno, bytes: [UInt8] = []) {
        self.errno = errno
        self.bytes = bytes
    }

    /// The reason.
    public var description: String {
        switch errno {
        case .tooManyOpenFiles:
            "Descriptors arrived for which the process has no numbers left, and were closed: raise its limit with "
                + "`ulimit -n` or close some"
        case .messageTooLong: "More descriptors arrived than requested, and were closed: request more"
        default: errno.description
        }
    }
}

/// The result of a receive with descriptors.
package struct DescriptorArrival: Sendable {
    /// The number of bytes.
    package var count = 0
    /// The descriptors, which the caller has to close.
    package var descriptors: [Int32] = []
    /// Whether the kernel has dropped descriptors, because the process had no numbers left.
    package var hasLostDescriptors = false
    /// Whether the end of a datagram or record was dropped.
    package var isTruncated = false

    package init() {}

    /// Closes the descriptors.
    package mutating func drop() {
        _ = OwnedDescriptors(takingOwnershipOf: descriptors)
        descriptors = []
    }

    /// Makes the message for the user; closes the descriptors if some were lost or more arrived than requested.
    package consuming func message(_ bytes: [UInt8], atMost limit: Int) throws(DescriptorError) -> DescriptorMessage {
        let descriptors = OwnedDescriptors(takingOwnershipOf: descriptors)
        if hasLostDescriptors { throw DescriptorError(.tooManyOpenFiles, bytes: bytes) }
        if descriptors.count > limit { throw DescriptorError(.messageTooLong, bytes: bytes) }
        return DescriptorMessage(bytes: bytes, descriptors: descriptors, isTruncated: isTruncated)
    }
}
