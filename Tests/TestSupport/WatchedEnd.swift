internal import Glibc
package import Kernel
internal import Testing

/// A socket pair that gives one end away and shows whether every descriptor of that end is closed.
package final class WatchedEnd: Sendable {
    private let kept: Socket
    private let given: Socket

    package init() throws(Errno) {
        (kept, given) = try Socket.pair()
    }

    /// The end that is given away; can be taken once.
    package func take() -> OwnedDescriptor {
        OwnedDescriptor(takingOwnershipOf: given.detach())
    }

    /// The end as a list of one.
    package func takeList() -> OwnedDescriptors {
        OwnedDescriptors(take())
    }

    /// Whether no descriptor of the other end is left, in any process or message.
    package var isReleased: Bool {
        var byte: UInt8 = 0
        return recv(kept.fileDescriptor, &byte, 1, Int32(MSG_DONTWAIT)) == 0
    }

    /// Whether a descriptor belongs to the other end: what is written to it arrives here.
    package func isOther(_ descriptor: Int32) -> Bool {
        var byte: UInt8 = 42
        guard write(descriptor, &byte, 1) == 1 else { return false }
        var read: UInt8 = 0
        return recv(kept.fileDescriptor, &read, 1, Int32(MSG_DONTWAIT)) == 1 && read == 42
    }
}

/// The descriptor, which must be there; `#require` takes only copyable values.
package func required(_ descriptor: consuming OwnedDescriptor?) throws -> OwnedDescriptor {
    guard let descriptor else {
        Issue.record("there is no descriptor")
        throw Overdue()
    }
    return descriptor
}
