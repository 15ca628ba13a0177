import EventLoops
import Glibc
import Kernel
import ProactorTesting
import TestSupport
import Testing

/// Passes a loop and a directory for sockets to async code, and removes the directory afterwards.
func runUnix(
    _ kind: LoopKind, sourceLocation: SourceLocation = #_sourceLocation,
    _ body: @escaping @Sendable (any AbstractEventLoop, TemporaryDirectory, ExceptionRecorder) async throws -> Void
) async throws {
    let directory = try TemporaryDirectory()
    defer { directory.remove() }
    try await runLoop(kind, sourceLocation: sourceLocation) { loop, recorder in
        try await body(loop, directory, recorder)
    }
}

/// A listening Unix socket that no loop uses.
struct UnixListener {
    let socket: Socket

    init(_ path: String, backlog: Int = 16) throws {
        socket = try Socket.unix()
        try socket.bind(to: SocketAddress(unixPath: path))
        try socket.listen(backlog: backlog)
    }

    /// A socket's file whose socket is closed.
    static func leaveStale(_ path: String) throws {
        let listener = try UnixListener(path)
        listener.socket.close()
    }

    /// Accepts a connection; waits for at most half a minute.
    func accept() throws -> RawPeer {
        for _ in 0..<30_000 {
            do { return try RawPeer(socket.accept().socket.detach()) } catch let error as Errno {
                guard error == .resourceTemporarilyUnavailable else { throw error }
                usleep(1000)
            }
        }
        throw Errno.timedOut
    }
}

extension RawPeer {
    /// Connects to a Unix server, whose backlog must have space.
    static func connect(unixPath: String) throws -> RawPeer {
        let socket = try Socket.unix()
        try socket.connect(to: SocketAddress(unixPath: unixPath))
        return try RawPeer(socket.detach())
    }

    /// A pair of connected Unix sockets: one end for a loop, one for a thread.
    static func unixPair() throws -> (Socket, RawPeer) {
        let (one, other) = try Socket.pair()
        return (one, try RawPeer(other.detach()))
    }
}

/// The permissions of a file; nil if there is none.
func permissions(_ path: String) -> UInt32? {
    var status = stat()
    return lstat(path, &status) == 0 ? UInt32(status.st_mode) & 0o7777 : nil
}

func exists(_ path: String) -> Bool {
    permissions(path) != nil
}
