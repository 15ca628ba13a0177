internal import EventLoops
internal import Glibc
internal import Kernel
internal import Polling

/// A listening socket on a poller, which accepts connections when it is readable.
final class SelectorListenerChannel: ReadinessTarget, ListenerChannel {
    /// The maximum number of connections accepted per turn, so that accepting does not starve existing connections.
    private static let burst = 64

    private let descriptor: Int32
    private let port: PollerPort
    private weak var owner: (any ListenerOwner)?
    private(set) var isAccepting = false
    private var isClosed = false

    init(_ descriptor: Int32, port: PollerPort, owner: any ListenerOwner) {
        self.descriptor = descriptor
        self.port = port
        self.owner = owner
        super.init()
    }

    func startAccepting() {
        guard !isClosed else { return }
        do throws(Errno) { try SocketCalls.setNonBlocking(descriptor) } catch { return watchingFailed(error) }
        isAccepting = true
        port.watches.want(.readable, of: descriptor, self)
    }

    func stopAccepting() {
        guard isAccepting, !isClosed else { return }
        isAccepting = false
        port.watches.want(.none, of: descriptor, self)
    }

    override func ready(_ readiness: Readiness) {
        for _ in 0..<Self.burst where isAccepting && !isClosed && !port.isInForkedChild {
            do throws(Errno) {
                let accepted = try SocketCalls.acceptDescriptor(descriptor)
                // Without an owner, no protocol will serve the connection.
                if let owner { owner.accepted(accepted) } else { try? Descriptor.close(accepted) }
            } catch {
                if error == .resourceTemporarilyUnavailable { return }
                return acceptFailed(error)
            }
        }
    }

    override func watchingFailed(_ errno: Errno) {
        acceptFailed(errno)
    }

    override func purpose(of readiness: Readiness) -> OperationPurpose {
        OperationPurpose(.accept, descriptor, owner: owner.map { "\($0)" } ?? "a closed server")
    }

    /// Stops watching and notifies the owner, which decides when to continue.
    private func acceptFailed(_ errno: Errno) {
        isAccepting = false
        port.watches.want(.none, of: descriptor, self)
        owner?.acceptFailed(errno)
    }

    /// Closes the socket; no connection is accepted from now on.
    func close() {
        guard !isClosed else { return }
        isClosed = true
        isAccepting = false
        port.watches.release(descriptor, self)
        try? Descriptor.close(descriptor)
    }
}
