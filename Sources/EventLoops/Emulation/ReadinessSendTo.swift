internal import Kernel

/// Sends a datagram with `sendto(2)`, when the socket is writable.
final class ReadinessSendTo: ReadinessOperation, @unchecked Sendable {
    init(_ descriptor: Int32, _ seams: ReadinessSeams) {
        super.init(descriptor, waitsFor: .writing, seams)
    }

    override func attempt() throws(Errno) -> Int? {
        guard let address else { throw .invalidArgument }
        return try unlessBlocked { () throws(Errno) in
            try sockets.sendTo(descriptor, UnsafeRawBufferPointer(bytes), to: address)
        }
    }

    override func purpose(ofWriting isWriting: Bool, _ descriptor: Int32) -> OperationPurpose {
        OperationPurpose(.sendTo, descriptor, owner: wait.ownerText)
    }
}
