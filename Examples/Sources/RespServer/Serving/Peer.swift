/// A client, as seen by what all clients share.
protocol Peer: AnyObject {
    var id: Int { get }
    /// Sends something that is no reply to a command of the client.
    func push(_ encode: (ReplyBuffer) -> Void)
    /// A key has changed that the client watches.
    func watchedKeyChanged()
    /// A line about the client.
    var summary: String { get }
    /// Ends the connection.
    func kill()
    /// Called ten times a second.
    func tick()
}
