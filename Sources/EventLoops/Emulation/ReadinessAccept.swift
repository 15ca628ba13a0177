internal import Kernel

/// Accepts a connection with `accept4(2)`, when the socket is readable.
final class ReadinessAccept: ReadinessOperation, @unchecked Sendable {
    init(_ descriptor: Int32, _ seams: ReadinessSeams) {
        super.init(descriptor, waitsFor: .reading, seams)
    }

    override func attempt() throws(Errno) -> Int? {
        // `accept4(2)` has no flag against waiting.
        try sockets.setNonBlocking(descriptor)
        return try attemptAgain()
    }

    override func attemptAgain() throws(Errno) -> Int? {
        try unlessBlocked { () throws(Errno) in
            let (accepted, peer) = try sockets.accept(descriptor)
            address = peer
            return Int(accepted)
        }
    }

    override func purpose(ofWriting isWriting: Bool, _ descriptor: Int32) -> OperationPurpose {
        OperationPurpose(.accept, descriptor, owner: wait.ownerText)
    }
}
