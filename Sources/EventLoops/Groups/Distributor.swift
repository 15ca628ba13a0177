internal import Kernel
import Synchronization

/// A loop's part of a group's server.
final class ServerShare: Sendable {
    let loop: any AbstractEventLoop
    let server: Server
    /// Connections on their way to the loop.
    private let coming = Atomic(0)

    init(_ server: Server, on loop: any AbstractEventLoop) {
        self.server = server
        self.loop = loop
    }

    /// The connections of this share, including those in transit.
    var load: Int {
        server.tally.value + coming.load(ordering: .relaxed)
    }

    /// Hands a connection over to the loop, where the server owns it.
    ///
    /// If the loop closes first, the connection is closed.
    ///
    /// - Thread: Any.
    /// - Returns: False if the loop is closed; the caller still owns the connection.
    func take(_ descriptor: Int32) -> Bool {
        guard !loop.core.isClosed else { return false }
        let carried = CarriedDescriptor(descriptor, loop.core.sockets)
        coming.add(1, ordering: .relaxed)
        let posted = loop.core.post(at: nil) { [self] in
            coming.subtract(1, ordering: .relaxed)
            server.accepted(carried.take())
        }
        if posted != nil { return true }
        coming.subtract(1, ordering: .relaxed)
        return carried.take() < 0
    }
}

/// Distributes the connections that one loop accepts.
///
/// Accepting loop's thread only.
final class Distributor: ConnectionRouter {
    /// The accepting loop's share is the first.
    private let shares: [ServerShare]
    private let isByLoad: Bool
    private var turn = 0

    init(_ shares: [ServerShare], isByLoad: Bool) {
        self.shares = shares
        self.isByLoad = isByLoad
    }

    func passesOn(_ descriptor: Int32) -> Bool {
        for share in inOrder() {
            if share === shares[0] { return false }
            if share.take(descriptor) { return true }
        }
        return false
    }

    /// The shares in the order in which to try them.
    private func inOrder() -> [ServerShare] {
        turn = (turn + 1) % shares.count
        let rotated = shares[turn...] + shares[..<turn]
        guard isByLoad else { return Array(rotated) }
        return rotated.map { ($0.load, $0) }.sorted { $0.0 < $1.0 }.map(\.1)
    }
}
