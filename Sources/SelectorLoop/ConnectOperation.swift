internal import EventLoops
internal import Kernel
internal import Polling

/// Connects a socket.
final class ConnectOperation: ReadinessOperation, @unchecked Sendable {
    private let address: SocketAddress

    init(_ port: PollerPort, _ descriptor: Int32, to address: SocketAddress) {
        self.address = address
        super.init(port, descriptor, waitsFor: .writable)
    }

    override func attempt() throws(Errno) -> Int? {
        try SocketCalls.setNonBlocking(descriptor)
        do throws(Errno) { try SocketCalls.connect(descriptor, to: address) } catch {
            guard error == .nowInProgress else { throw error }
            return nil
        }
        return 0
    }

    /// The kernel keeps the outcome with the socket.
    override func attemptAgain() throws(Errno) -> Int? {
        if let failure = try SocketCalls.pendingError(descriptor) { throw failure }
        return 0
    }

    override func purpose(of readiness: Readiness) -> OperationPurpose {
        OperationPurpose(.connect, descriptor, owner: "\(wait.ownerText) to \(address)")
    }
}
