package import Kernel

/// Operations on a descriptor that the caller owns, each awaited by one task.
///
/// A driver that lacks a native operation emulates it with ``ReadinessOperations``. Loop thread only.
package protocol DescriptorOperations: AnyObject {
    /// Connects a new socket.
    ///
    /// A Unix socket whose listener's backlog is full throws `.resourceTemporarilyUnavailable`: the kernel does not
    /// report when the backlog has space, and a ring does not wait for a nonblocking socket either (Linux 6.18).
    ///
    /// A cancelled call throws `CancellationError`; the socket can then only be closed.
    func connect(_ descriptor: Int32, to address: SocketAddress) async throws
    /// Makes an operation on a socket.
    ///
    /// The caller keeps the socket open while the operation is in flight, and has at most one operation in flight that
    /// reads from the socket, and one that writes to it.
    func makeOperation(_ kind: SocketOperationKind, _ descriptor: Int32) -> any SocketOperation
}
