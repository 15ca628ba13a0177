internal import Glibc
internal import Kernel

/// Makes the socket of a datagram endpoint.
struct DatagramSockets {
    /// The local and the remote address for one family and protocol.
    struct Pair {
        let family: AddressFamily
        let proto: Int32
        var local: SocketAddress?
        var remote: SocketAddress?
    }

    /// A socket, and how its endpoint addresses datagrams.
    struct Made {
        let descriptor: Int32
        let family: AddressFamily
        var peer: SocketAddress?
        var isConnected = false
    }

    let system: any SocketSystem
    var reusePort: Bool
    var allowBroadcast: Bool

    /// Pairs the first local with the first remote address of each family and protocol, in the order in which these
    /// were found.
    ///
    /// - Parameters:
    ///   - local: The local addresses; nil if none was requested.
    ///   - remote: The remote addresses; nil if none was requested.
    static func pairs(local: [AddressInfo]?, remote: [AddressInfo]?) -> [Pair] {
        var pairs: [Pair] = []
        func add(_ info: AddressInfo, _ set: (inout Pair) -> Void) {
            let index = pairs.firstIndex { $0.family == info.family && $0.proto == info.protocolNumber }
            if index == nil { pairs.append(Pair(family: info.family, proto: info.protocolNumber)) }
            set(&pairs[index ?? pairs.count - 1])
        }
        for info in local ?? [] { add(info) { $0.local = $0.local ?? info.address } }
        for info in remote ?? [] { add(info) { $0.remote = $0.remote ?? info.address } }
        return pairs.filter { (local == nil || $0.local != nil) && (remote == nil || $0.remote != nil) }
    }

    /// Makes a socket for the first pair that allows it.
    func make(_ pairs: [Pair]) throws(EventLoopError) -> Made {
        var first: EventLoopError?
        for pair in pairs {
            do { return try make(pair) } catch { first = first ?? error }
        }
        throw first ?? .invalidArgument("createDatagramEndpoint", "can not get address information")
    }

    /// `SO_REUSEADDR` is never set: it would let two sockets share a UDP port, and one of them would get nothing.
    private func make(_ pair: Pair) throws(EventLoopError) -> Made {
        let descriptor: Int32
        do { descriptor = try system.open(pair.family, type: Socket.datagram, protocol: pair.proto) } catch {
            throw EventLoopError(system: error, "socket", address: (pair.local ?? pair.remote)?.description)
        }
        do throws(EventLoopError) {
            try configure(descriptor)
            if let local = pair.local { try bind(descriptor, to: local) }
            return try connectOrUnbind(descriptor, pair)
        } catch {
            // A Unix socket that was bound leaves no file.
            ServerFile(of: descriptor, system)?.remove()
            try? system.close(descriptor)
            throw error
        }
    }

    private func configure(_ descriptor: Int32) throws(EventLoopError) {
        do throws(Errno) {
            if reusePort { try system.setOption(descriptor, level: SOL_SOCKET, name: SO_REUSEPORT, 1) }
            if allowBroadcast { try system.setOption(descriptor, level: SOL_SOCKET, name: SO_BROADCAST, 1) }
        } catch { throw EventLoopError(system: error, "setsockopt") }
    }

    /// Binds the socket; the file that a closed Unix socket has left at the path is replaced.
    private func bind(_ descriptor: Int32, to address: SocketAddress) throws(EventLoopError) {
        if let path = address.socketFilePath, isStale(address) { ServerFile.removeStale(path, system) }
        do { try system.bind(descriptor, to: address) } catch {
            throw EventLoopError(system: error, "bind", address: address)
        }
    }

    /// Whether the file at an address is that of a closed socket: only then does the kernel refuse a connection.
    private func isStale(_ address: SocketAddress) -> Bool {
        guard let probe = try? system.open(.unix, type: Socket.datagram) else { return false }
        defer { try? system.close(probe) }
        do throws(Errno) { try system.connect(probe, to: address) } catch { return error == .connectionRefused }
        return false
    }

    /// Connects the socket; if that fails, the file of its local address is removed again.
    private func connectOrUnbind(_ descriptor: Int32, _ pair: Pair) throws(EventLoopError) -> Made {
        do throws(EventLoopError) { return try connect(descriptor, pair) } catch {
            if pair.local?.family == .unix { ServerFile(of: descriptor, system)?.remove() }
            throw error
        }
    }

    /// Connects the socket, which never waits for datagram sockets.
    ///
    /// A socket that may broadcast is not connected, because it would not receive the answers of single hosts.
    private func connect(_ descriptor: Int32, _ pair: Pair) throws(EventLoopError) -> Made {
        guard let remote = pair.remote else { return Made(descriptor: descriptor, family: pair.family) }
        if allowBroadcast { return Made(descriptor: descriptor, family: pair.family, peer: remote) }
        do { try system.connect(descriptor, to: remote) } catch {
            throw EventLoopError(system: error, "connect", address: remote)
        }
        let peer = remote.isReportedAsPeer ? remote : (try? system.peerAddress(descriptor)) ?? remote
        return Made(descriptor: descriptor, family: pair.family, peer: peer, isConnected: true)
    }

    /// Takes ownership of the descriptor of a user's datagram socket and makes it non-blocking.
    static func adopt(
        _ socket: Socket, _ system: any SocketSystem, _ operation: String
    ) throws(EventLoopError) -> Made {
        guard socket.fileDescriptor >= 0 else {
            throw .invalidArgument(operation, "The socket is closed or was handed over")
        }
        let type = try? system.option(socket.fileDescriptor, level: SOL_SOCKET, name: SO_TYPE)
        guard type == Socket.datagram else {
            throw .invalidArgument(operation, "A datagram socket was expected, got \(socket)")
        }
        try SocketUse.checkIsUnused(socket, operation)
        let local: SocketAddress
        do throws(Errno) {
            try system.setNonBlocking(socket.fileDescriptor)
            local = try system.localAddress(socket.fileDescriptor)
        } catch { throw EventLoopError(system: error, operation) }
        let peer = try? system.peerAddress(socket.fileDescriptor)
        return Made(
            descriptor: try SocketUse.detach(socket, operation), family: local.family,
            peer: peer?.isUnnamed == true ? nil : peer, isConnected: peer != nil)
    }
}

extension SocketAddress {
    /// Whether this is the address of a Unix socket without a name.
    fileprivate var isUnnamed: Bool {
        unixPath == ""
    }
}
