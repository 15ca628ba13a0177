internal import Kernel

/// Receives bytes and the sender's address with `recvfrom(2)`, when the socket is readable.
final class ReadinessReceiveFrom: ReadinessOperation, @unchecked Sendable {
    init(_ descriptor: Int32, _ seams: ReadinessSeams) {
        super.init(descriptor, waitsFor: .reading, seams)
    }

    override func attempt() throws(Errno) -> Int? {
        try unlessBlocked { () throws(Errno) in
            let (count, sender) = try sockets.receiveFrom(descriptor, into: bytes)
            address = sender
            return count
        }
    }

    override func purpose(ofWriting isWriting: Bool, _ descriptor: Int32) -> OperationPurpose {
        OperationPurpose(.receiveFrom, descriptor, owner: wait.ownerText)
    }
}
