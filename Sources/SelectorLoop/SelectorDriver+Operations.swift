internal import EventLoops
package import Kernel

extension SelectorDriver: DescriptorOperations {
    package func connect(_ descriptor: Int32, to address: SocketAddress) async throws {
        // The socket is new: any existing wait for its descriptor was for a file that has been closed.
        if port.queue.isTurning { port.watches.claim(descriptor) }
        try await ReadinessOperations.connect(
            descriptor, to: address, on: port.queue, channels: self, sockets: KernelSockets.shared)
    }
}
