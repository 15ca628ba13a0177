internal import Kernel

/// Receives with `recv(2)`, when the socket is readable.
final class ReadinessReceive: ReadinessOperation, @unchecked Sendable {
    init(_ descriptor: Int32, _ seams: ReadinessSeams) {
        super.init(descriptor, waitsFor: .reading, seams)
    }

    override func attempt() throws(Errno) -> Int? {
        try unlessBlocked { () throws(Errno) in try sockets.receive(descriptor, into: bytes) }
    }

    override func purpose(ofWriting isWriting: Bool, _ descriptor: Int32) -> OperationPurpose {
        OperationPurpose(.receive, descriptor, owner: wait.ownerText)
    }
}
