package import Kernel

/// Operations on a descriptor that the caller owns, each awaited by one task.
///
/// A driver that has no native operation uses ``ReadinessOperations``. Loop thread only.
package protocol DescriptorOperations: AnyObject {
    /// Connects a socket.
    ///
    /// A cancelled call throws `CancellationError`; the socket can then only be closed.
    func connect(_ descriptor: Int32, to address: SocketAddress) async throws
}
