internal import Kernel

/// Receives bytes and descriptors with `recvmsg(2)`, when the socket is readable.
final class ReadinessReceiveDescriptors: ReadinessOperation, @unchecked Sendable {
    init(_ descriptor: Int32, _ seams: ReadinessSeams) {
        super.init(descriptor, waitsFor: .reading, seams)
    }

    override func attempt() throws(Errno) -> Int? {
        try unlessBlocked { () throws(Errno) in
            let arrival = try sockets.receiveDescriptors(descriptor, into: bytes)
            passed.store(arrival)
            return arrival.count
        }
    }

    override func purpose(ofWriting isWriting: Bool, _ descriptor: Int32) -> OperationPurpose {
        OperationPurpose(.receive, descriptor, owner: wait.ownerText)
    }
}
