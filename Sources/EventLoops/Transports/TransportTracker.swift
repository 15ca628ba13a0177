/// An object, such as a server, that keeps a list of its transports.
package protocol TransportTracker: AnyObject {
    func attach(_ transport: any BaseTransport)
    func detach(_ transport: any BaseTransport)
}
