internal import CLinux
internal import Glibc
internal import Kernel

/// Makes the listening sockets of a server.
struct ServerSockets {
    let system: any SocketSystem
    var reuseAddress: Bool
    var reusePort: Bool
    /// Whether the port may be shared with sockets of other processes.
    var sharesWithOtherProcesses = false
    var keepAlive: Bool
    /// The permissions to which a Unix socket's file is limited; nil for those that the process' umask allows.
    var permissions: UInt32?

    /// Makes a bound socket for each address, or none at all.
    ///
    /// An address whose family this system does not support is skipped, as in asyncio, unless no address would remain.
    func bind(to addresses: [SocketAddress]) throws(EventLoopError) -> [Int32] {
        var bound: [Int32] = []
        var unsupported: EventLoopError?
        for address in addresses {
            do {
                bound.append(try bind(to: address))
            } catch {
                if error.errno == .addressFamilyNotSupported {
                    unsupported = error
                    continue
                }
                for descriptor in bound { try? system.close(descriptor) }
                throw error
            }
        }
        if bound.isEmpty {
            throw unsupported ?? .invalidArgument("createServer", "No address to listen on: host and port yield none")
        }
        return bound
    }

    private func bind(to address: SocketAddress) throws(EventLoopError) -> Int32 {
        let descriptor = try open(address)
        // A socket gets no connections before it listens, so it can still be withdrawn.
        let isAllowed = !reusePort || sharesWithOtherProcesses || address.port == 0
        guard !isAllowed, system.hasForeignListener(at: address) else { return descriptor }
        try? system.close(descriptor)
        throw EventLoopError(
            .addressShared, "bind", errno: .addressInUse, address: address.description,
            detail: "A server of another process listens there with reusePort, and would get a share of the "
                + "connections: stop it, choose another port, or pass sharesWithOtherProcesses")
    }

    private func open(_ address: SocketAddress) throws(EventLoopError) -> Int32 {
        var step = "socket"
        do throws(Errno) {
            let descriptor = try system.open(address.family, type: Socket.stream)
            do throws(Errno) {
                step = "setsockopt"
                try configure(descriptor, address.family)
                step = "bind"
                // Only now, so that a failure until here leaves a running server's file alone.
                if let path = address.socketFilePath { ServerFile.removeStale(path, system) }
                try system.bind(descriptor, to: address)
                return descriptor
            } catch {
                try? system.close(descriptor)
                throw error
            }
        } catch {
            throw EventLoopError(system: error, step, address: address)
        }
    }

    private func configure(_ descriptor: Int32, _ family: AddressFamily) throws(Errno) {
        if reuseAddress { try system.setOption(descriptor, level: SOL_SOCKET, name: SO_REUSEADDR, 1) }
        if reusePort { try system.setOption(descriptor, level: SOL_SOCKET, name: SO_REUSEPORT, 1) }
        if family == .unix, let permissions { try system.limitFilePermissions(of: descriptor, permissions) }
        guard family == .ipv4 || family == .ipv6 else { return }
        // One socket for each family, so that both can have the same port.
        if family == .ipv6 { try system.setOption(descriptor, level: Int32(IPPROTO_IPV6), name: IPV6_V6ONLY, 1) }
        // Accepted sockets inherit these options, which saves a system call for each connection.
        if keepAlive { try system.setOption(descriptor, level: SOL_SOCKET, name: SO_KEEPALIVE, 1) }
        try system.setOption(descriptor, level: Int32(IPPROTO_TCP), name: TCP_NODELAY, 1)
    }
}
