package import Kernel

/// Emulates operations on descriptors for any driver that can watch descriptors.
package enum ReadinessOperations {
    /// Emulates ``DescriptorOperations/connect(_:to:)``.
    package static func connect(
        _ descriptor: Int32, to address: SocketAddress, on queue: WorkQueue, channels: any ChannelFactory,
        sockets: any SocketSystem
    ) async throws {
        let operation = ReadinessConnect(descriptor, to: address, on: queue, channels: channels, sockets: sockets)
        _ = try await operation.wait.value(of: operation, "connect")
    }
}
