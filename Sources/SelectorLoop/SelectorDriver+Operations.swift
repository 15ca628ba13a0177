internal import EventLoops
package import Kernel

extension SelectorDriver: DescriptorOperations {
    package func connect(_ descriptor: Int32, to address: SocketAddress) async throws {
        // A task of another loop may call this, or return here, after the loop has closed.
        guard !port.isClosed else { throw EventLoopError.closed("connect") }
        try await ConnectOperation(port, descriptor, address).result()
        guard !port.isClosed else { throw EventLoopError.closed("connect") }
    }
}
