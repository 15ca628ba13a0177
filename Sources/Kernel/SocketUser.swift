/// An object that performs operations on a socket for a loop.
package protocol SocketUser: AnyObject, Sendable {
    /// Ends all operations, because the socket was closed or detached while some were in flight.
    ///
    /// - Returns: False in a forked child, where the operations are those of the parent and never end.
    /// - Thread: Any.
    func socketEnds() -> Bool
    /// Drops received items that were not fetched: no operation is in flight, and none can begin.
    ///
    /// - Thread: Any.
    func socketEnded(isDetached: Bool)
}
