package import Kernel

/// Accepts connections on one listening socket, whose descriptor the channel owns.
package protocol ListenerChannel: AnyObject {
    func startAccepting()
    /// Cancels accepting and closes the socket: once this has returned, no connection is accepted.
    func close()
}

/// The object that a listener channel notifies.
package protocol ListenerOwner: AnyObject {
    /// Called when a connection has been accepted; the owner now owns the connection's descriptor.
    func accepted(_ descriptor: Int32)
    /// Called when accepting has stopped with an error, until the next ``ListenerChannel/startAccepting()``.
    func acceptFailed(_ errno: Errno)
}
