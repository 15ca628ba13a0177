internal import EventLoops
package import Kernel
internal import Uring

extension ProactorDriver: DescriptorOperations {
    package func connect(_ descriptor: Int32, to address: SocketAddress) async throws {
        // A task of another loop may call this, or return here, after the loop has closed.
        guard !ring.isClosed else { throw EventLoopError.closed("connect") }
        try await ConnectOperation(port, descriptor, address).result()
        guard !ring.isClosed else { throw EventLoopError.closed("connect") }
    }
}
