/// An object, such as a server, that keeps a list of its transports.
package protocol TransportTracker: AnyObject {
    func attach(_ transport: any BaseTransport)
    func detach(_ transport: any BaseTransport)
    /// Whether the object lets its connections finish, and will then abort them.
    var isDraining: Bool { get }
    /// Waits until ``isDraining`` becomes true or the object accepts no more connections.
    func waitDraining() async throws
}
