internal import EventLoops
package import Kernel
internal import Uring

extension ProactorDriver: DescriptorOperations {
    package func connect(_ descriptor: Int32, to address: SocketAddress) async throws {
        guard port.has(ConnectOperation.support.kind) else {
            return try await ReadinessOperations.connect(
                descriptor, to: address, on: port.queue, channels: self, sockets: KernelSockets.shared)
        }
        let operation = ConnectOperation(port, descriptor, to: address)
        _ = try await operation.wait.value(of: operation, "connect")
    }
}
