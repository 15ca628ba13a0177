internal import Kernel

/// Sends a datagram with `sendto(2)` or `send(2)`, when the socket is writable.
final class ReadinessSendTo: ReadinessOperation, @unchecked Sendable {
    init(_ descriptor: Int32, _ seams: ReadinessSeams) {
        super.init(descriptor, waitsFor: .writing, seams)
    }

    override func attempt() throws(Errno) -> Int? {
        let bytes = UnsafeRawBufferPointer(bytes)
        return try unlessBlocked { () throws(Errno) in
            guard let address else { return try sockets.send(descriptor, bytes) }
            return try sockets.sendTo(descriptor, bytes, to: address)
        }
    }

    /// Throws if the socket has space but the receiver's queue is full: the caller tries again later.
    override func attemptAgain() throws(Errno) -> Int? {
        guard let sent = try attempt() else { throw .resourceTemporarilyUnavailable }
        return sent
    }

    override func purpose(ofWriting isWriting: Bool, _ descriptor: Int32) -> OperationPurpose {
        OperationPurpose(.sendTo, descriptor, owner: wait.ownerText)
    }
}
