package import Kernel

/// Accepts connections on one listening socket, whose descriptor the channel owns.
package protocol ListenerChannel: AnyObject {
    func startAccepting()
    /// Pauses until the next ``startAccepting()``; connections wait in the kernel's queue.
    ///
    /// Connections that the kernel has already accepted are still passed to the owner.
    func stopAccepting()
    /// Whether the kernel may still accept a connection for this channel, or an accepted one has not been passed on.
    var isAccepting: Bool { get }
    /// Cancels accepting and closes the socket: once this has returned, no connection is accepted.
    ///
    /// Connections that the kernel accepted before are still passed to the owner.
    func close()
}

/// The object that a listener channel notifies.
package protocol ListenerOwner: AnyObject {
    /// Called when a connection has been accepted; the owner now owns the connection's descriptor.
    func accepted(_ descriptor: Int32)
    /// Called when accepting has stopped with an error, until the next ``ListenerChannel/startAccepting()``.
    func acceptFailed(_ errno: Errno)
}
