package import EventLoops
package import Kernel
internal import Uring

extension ProactorDriver: DescriptorOperations {
    package func connect(_ descriptor: Int32, to address: SocketAddress) async throws {
        let operation = makeOperation(.connect, descriptor)
        operation.address = address
        _ = try await operation.wait.value(of: operation, "connect")
    }

    package func makeOperation(_ kind: SocketOperationKind, _ descriptor: Int32) -> any SocketOperation {
        switch kind {
        case .receive: return ReceiveOperation(port, descriptor)
        case .send: return SendOperation(port, descriptor)
        case .sendTo: return SendToOperation(port, descriptor)
        case .sendDescriptors: return SendDescriptorsOperation(port, descriptor)
        case .receiveDescriptors where port.has(ReceiveDescriptorsOperation.support.kind):
            return ReceiveDescriptorsOperation(port, descriptor)
        case .receiveFrom where port.has(ReceiveFromOperation.support.kind):
            return ReceiveFromOperation(port, descriptor)
        case .accept where port.has(AcceptOperation.support.kind): return AcceptOperation(port, descriptor)
        case .connect where port.has(ConnectOperation.support.kind): return ConnectOperation(port, descriptor)
        case .receiveFrom, .receiveDescriptors, .accept, .connect:
            let emulation = ReadinessOperations(on: port.queue, channels: self, sockets: KernelSockets.shared)
            return emulation.make(kind, descriptor)
        }
    }
}
