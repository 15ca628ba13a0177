internal import Kernel

/// Sends all bytes with `send(2)`, a part each time the socket is writable.
final class ReadinessSend: ReadinessOperation, @unchecked Sendable {
    private var sent = 0

    init(_ descriptor: Int32, _ seams: ReadinessSeams) {
        super.init(descriptor, waitsFor: .writing, seams)
    }

    override func attempt() throws(Errno) -> Int? {
        sent = 0
        return try attemptAgain()
    }

    /// Makes one call per turn, so that a fast receiver does not keep the loop from its other work.
    override func attemptAgain() throws(Errno) -> Int? {
        let rest = UnsafeRawBufferPointer(rebasing: bytes[sent...])
        let count = try unlessBlocked { () throws(Errno) in try sockets.send(descriptor, rest) }
        sent += count ?? 0
        return sent == bytes.count ? sent : nil
    }

    override func purpose(ofWriting isWriting: Bool, _ descriptor: Int32) -> OperationPurpose {
        OperationPurpose(.send, descriptor, owner: wait.ownerText)
    }
}
