/// A callback, a step of a task or a method of a protocol object that keeps its loop from turning while this is told.
public struct BlockedCallback: Sendable, CustomStringConvertible {
    /// The kind of loop, for instance `ProactorEventLoop`.
    public let loop: String
    /// What runs: a task by its name, a method by the type of the protocol object; in debug mode also where it was
    /// made.
    public let callback: String
    /// For how long it has been seen to run.
    ///
    /// It began up to half of the watchdog's threshold earlier.
    public let duration: Duration

    /// One sentence.
    public var description: String {
        "\(loop) is blocked: \(callback) has been running for more than \(duration.secondsText)"
    }
}
