/// Who counts the transports of a server.
package protocol TransportTracker: AnyObject {
    func attach(_ transport: any BaseTransport)
    func detach(_ transport: any BaseTransport)
}
