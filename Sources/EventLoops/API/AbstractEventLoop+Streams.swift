public import Kernel

extension AbstractEventLoop {
    /// Connects to a TCP server, for async code.
    ///
    /// The writer's `close()` ends the connection. Releasing the pair does not: without `close()` the connection stays
    /// open until it breaks or the loop closes, even if the peer has ended the stream.
    ///
    /// - Parameters:
    ///   - host: Name or address.
    ///   - port: 0...65535, although no server can listen on 0.
    ///   - limit: The longest line or record to read, in bytes. At most about twice as much is buffered.
    ///   - family: Which addresses of the host to try.
    ///   - localAddress: Host and port to bind this end to; nil to let the kernel choose.
    ///   - localAddresses: Further addresses to bind this end to, as for `createConnection`.
    ///   - happyEyeballsDelay: How long to wait before the next address is tried in parallel; nil to try one after the
    ///     other.
    /// - Returns: The two halves of the connection.
    /// - Throws: Same as `createConnection`; ``EventLoopError`` with `.invalidArgument` for a limit that is not
    ///   positive.
    /// - Cancellation: Ends the lookup and all attempts to connect; no socket stays open.
    /// - Thread: A task of the loop.
    ///
    /// asyncio: `asyncio.open_connection`.
    public func openConnection(
        host: String, port: Int, limit: Int = 64 * 1024, family: AddressFamily = .unspecified,
        localAddress: (host: String, port: Int)? = nil, localAddresses: [SocketAddress] = [],
        happyEyeballsDelay: Duration? = nil
    ) async throws -> (StreamReader, StreamWriter) {
        let core = core
        try StreamLimit.check(limit, "openConnection")
        let (transport, connection) = try await createConnection(
            host: host, port: port, family: family, localAddress: localAddress, localAddresses: localAddresses,
            happyEyeballsDelay: happyEyeballsDelay
        ) { StreamConnection(core: core, limit: limit) }
        return (connection.reader, StreamWriter(transport: transport, connection: connection))
    }

    /// Makes a pair of streams from a connected socket.
    ///
    /// Close the writer to end the connection: releasing it leaves the connection open.
    ///
    /// - Parameters:
    ///   - socket: A connected stream socket; the streams take over its descriptor.
    ///   - limit: The longest line or record to read, in bytes.
    /// - Returns: The two halves of the connection.
    /// - Throws: Same as `createConnection(socket:)`; ``EventLoopError`` with `.invalidArgument` for a limit that is
    ///   not positive.
    /// - Thread: A task of the loop.
    ///
    /// asyncio: `asyncio.open_connection(sock=…)`.
    public func openConnection(socket: Socket, limit: Int = 64 * 1024) async throws -> (StreamReader, StreamWriter) {
        let core = core
        try StreamLimit.check(limit, "openConnection")
        let (transport, connection) = try await createConnection(socket: socket) {
            StreamConnection(core: core, limit: limit)
        }
        return (connection.reader, StreamWriter(transport: transport, connection: connection))
    }
}

enum StreamLimit {
    static func check(_ limit: Int, _ operation: String) throws(EventLoopError) {
        guard limit > 0 else { throw .invalidArgument(operation, "The limit must be above zero, not \(limit)") }
    }
}
