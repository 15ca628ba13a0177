internal import CLinux
internal import Glibc
internal import Kernel

/// Makes the listening sockets of a group's server.
struct GroupSockets {
    private let sockets: ServerSockets
    /// How many sockets share the port of each address.
    private let count: Int

    /// - Parameter isShared: Whether sockets of other processes and servers may have the same port.
    init(
        _ system: any SocketSystem, reuseAddress: Bool = true, isShared: Bool = false, keepAlive: Bool = false,
        count: Int
    ) {
        sockets = ServerSockets(
            system: system, reuseAddress: reuseAddress, reusePort: isShared, sharesWithOtherProcesses: isShared,
            keepAlive: keepAlive)
        self.count = count
    }

    /// Makes bound sockets: for each loop one per address, or none at all.
    ///
    /// The first socket of an address is bound without `SO_REUSEPORT` unless the port may be shared, so that the bind
    /// fails if another socket listens there, even if that one has the option. It gets the option afterwards.
    func bind(to addresses: [SocketAddress]) throws(EventLoopError) -> [[CarriedDescriptor]] {
        let first = try own(sockets.bind(to: addresses))
        var all = [first]
        guard count > 1 else { return all }
        var bound: [SocketAddress] = []
        do throws(Errno) {
            for descriptor in first {
                try sockets.system.setOption(descriptor.number, level: SOL_SOCKET, name: SO_REUSEPORT, 1)
                bound.append(try sockets.system.localAddress(descriptor.number))
            }
        } catch { throw EventLoopError(system: error, "setsockopt") }
        var sharing = sockets
        sharing.reusePort = true
        sharing.sharesWithOtherProcesses = true
        for _ in 1..<count { all.append(own(try sharing.bind(to: bound))) }
        return all
    }

    /// Makes owners of descriptors, which close them if a later step fails.
    private func own(_ descriptors: [Int32]) -> [CarriedDescriptor] {
        descriptors.map { CarriedDescriptor($0, sockets.system) }
    }
}

extension EventLoopError {
    /// The error of a bind, with what a group can do about it.
    var forGroup: EventLoopError {
        guard errno == .addressInUse, self.operation == "bind" else { return self }
        let reason =
            "Another socket is bound there, perhaps with SO_REUSEPORT by another process: stop it, or pass "
            + "sharesWithOtherProcesses to share the port with it. If its process was killed, the kernel may need "
            + "longer than addressInUseTimeout to release it"
        return EventLoopError(code, operation, errno: errno, address: address, detail: reason)
    }
}
