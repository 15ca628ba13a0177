package import EventLoops
package import Kernel

extension SelectorDriver: DescriptorOperations {
    package func connect(_ descriptor: Int32, to address: SocketAddress) async throws {
        // The socket is new: any existing wait for its descriptor was for a file that has been closed.
        if port.queue.isTurning { port.watches.claim(descriptor) }
        let operation = makeOperation(.connect, descriptor)
        operation.address = address
        _ = try await operation.wait.value(of: operation, "connect")
    }

    package func makeOperation(_ kind: SocketOperationKind, _ descriptor: Int32) -> any SocketOperation {
        ReadinessOperations(on: port.queue, channels: self, sockets: KernelSockets.shared).make(kind, descriptor)
    }
}
