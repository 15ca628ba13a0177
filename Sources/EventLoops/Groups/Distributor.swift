internal import Kernel
import Synchronization

/// A loop's part of a group's server.
final class ServerShare: Sendable {
    let loop: any AbstractEventLoop
    let server: Server
    /// Connections in transit to the loop.
    fileprivate let coming = Atomic(0)

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
        let arrival = Arrival(of: descriptor, at: self)
        if loop.core.post(at: nil, { arrival.serve() }) != nil { return true }
        return arrival.carried.take() < 0
    }
}

/// A connection on its way to a loop.
///
/// The share counts it until it arrives, or until it is dropped with the callbacks of a loop that closes.
private final class Arrival: Sendable {
    let carried: CarriedDescriptor
    private let share: ServerShare
    private let isCounted = Atomic(true)

    init(of descriptor: Int32, at share: ServerShare) {
        carried = CarriedDescriptor(descriptor, share.loop.core.sockets)
        self.share = share
        share.coming.add(1, ordering: .relaxed)
    }

    deinit {
        end()
    }

    func serve() {
        end()
        share.server.accepted(carried.take())
    }

    private func end() {
        if isCounted.exchange(false, ordering: .relaxed) { share.coming.subtract(1, ordering: .relaxed) }
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
