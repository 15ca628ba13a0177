internal import CLinux
internal import Glibc
internal import Kernel

/// Sends bytes and descriptors with `sendmsg(2)`, when the socket is writable.
final class ReadinessSendDescriptors: ReadinessOperation, @unchecked Sendable {
    init(_ descriptor: Int32, _ seams: ReadinessSeams) {
        super.init(descriptor, waitsFor: .writing, seams)
    }

    override func attempt() throws(Errno) -> Int? {
        var vector = iovec(iov_base: bytes.baseAddress, iov_len: bytes.count)
        return try unlessBlocked { () throws(Errno) in
            try sockets.send(descriptor, &vector, count: 1, descriptors: passed.outgoing)
        }
    }

    /// Throws if the socket has space but the receiver has not: the caller tries again later.
    override func attemptAgain() throws(Errno) -> Int? {
        guard let sent = try attempt() else { throw .resourceTemporarilyUnavailable }
        return sent
    }

    override func purpose(ofWriting isWriting: Bool, _ descriptor: Int32) -> OperationPurpose {
        OperationPurpose(.send, descriptor, owner: wait.ownerText)
    }
}
