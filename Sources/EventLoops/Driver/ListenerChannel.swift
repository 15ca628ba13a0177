package import Kernel

/// How a loop accepts connections on one listening socket, whose descriptor it owns.
package protocol ListenerChannel: AnyObject {
    func startAccepting()
    /// Cancels accepting and closes the socket: once this has returned no connection is accepted.
    func close()
}

/// The object that a listener channel notifies.
package protocol ListenerOwner: AnyObject {
    /// A connection was accepted; the owner has its descriptor now.
    func accepted(_ descriptor: Int32)
    /// Accepting stopped with an error; the channel continues after the next ``ListenerChannel/startAccepting()``.
    func acceptFailed(_ errno: Errno)
}
