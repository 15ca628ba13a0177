internal import Kernel

/// Connects a socket with `connect(2)`, a wait until the socket is writable, and `SO_ERROR`.
///
/// A Unix socket connects at once or fails with `.resourceTemporarilyUnavailable`; then there is nothing to wait for,
/// because it counts as writable. ``LoopCore/connect(_:to:)`` tries again.
final class ReadinessConnect: ReadinessOperation, @unchecked Sendable {
    init(_ descriptor: Int32, _ seams: ReadinessSeams) {
        super.init(descriptor, waitsFor: .writing, seams)
    }

    override func attempt() throws(Errno) -> Int? {
        guard let address else { throw .invalidArgument }
        try sockets.setNonBlocking(descriptor)
        do throws(Errno) { try sockets.connect(descriptor, to: address) } catch {
            // A cancelled operation may have begun to connect.
            guard error == .nowInProgress || error == .alreadyInProcess else { throw error }
            return nil
        }
        return 0
    }

    /// Fetches the outcome, which the kernel keeps in the socket.
    override func attemptAgain() throws(Errno) -> Int? {
        if let failure = try sockets.pendingError(descriptor) { throw failure }
        return 0
    }

    override func purpose(ofWriting isWriting: Bool, _ descriptor: Int32) -> OperationPurpose {
        let target = address.map { " to \($0)" } ?? ""
        return OperationPurpose(.connect, descriptor, owner: "\(wait.ownerText)\(target)")
    }
}
