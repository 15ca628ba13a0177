package import Kernel

/// Connects a socket with `connect(2)`, a wait until the socket is writable, and `SO_ERROR`.
package final class ReadinessConnect: ReadinessOperation, @unchecked Sendable {
    private let address: SocketAddress
    private let sockets: any SocketSystem

    package init(
        _ descriptor: Int32, to address: SocketAddress, on queue: WorkQueue, channels: any ChannelFactory,
        sockets: any SocketSystem
    ) {
        self.address = address
        self.sockets = sockets
        super.init(descriptor, waitsFor: .writing, on: queue, channels: channels)
    }

    override func attempt() throws(Errno) -> Int? {
        try sockets.setNonBlocking(descriptor)
        do throws(Errno) { try sockets.connect(descriptor, to: address) } catch {
            guard error == .nowInProgress else { throw error }
            return nil
        }
        return 0
    }

    /// Fetches the outcome, which the kernel keeps in the socket.
    override func attemptAgain() throws(Errno) -> Int? {
        if let failure = try sockets.pendingError(descriptor) { throw failure }
        return 0
    }

    package override func purpose(ofWriting isWriting: Bool, _ descriptor: Int32) -> OperationPurpose {
        OperationPurpose(.connect, descriptor, owner: "\(wait.ownerText) to \(address)")
    }
}
