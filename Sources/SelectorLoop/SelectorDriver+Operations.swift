internal import EventLoops
package import Kernel

extension SelectorDriver: DescriptorOperations {
    package func connect(_ descriptor: Int32, to address: SocketAddress) async throws {
        try await ReadinessOperations.connect(descriptor, to: address, on: port.queue, channels: self)
    }
}
