internal import EventLoops
package import Kernel
internal import Uring

extension ProactorDriver: DescriptorOperations {
    package func connect(_ descriptor: Int32, to address: SocketAddress) async throws {
        guard port.has(.connect) else {
            return try await ReadinessOperations.connect(descriptor, to: address, on: port.queue, channels: self)
        }
        let operation = ConnectOperation(port, descriptor, to: address)
        _ = try await operation.wait.value(of: operation, "connect")
    }
}
