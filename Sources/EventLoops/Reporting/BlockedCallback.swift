/// User code that is blocking its loop: a callback, a step of a task or a method of a protocol object.
public struct BlockedCallback: Sendable, CustomStringConvertible {
    /// The kind of loop, for instance `ProactorEventLoop`.
    public let loop: String
    /// The code: a task by its name, a method by the type of its protocol object; in debug mode with its source place.
    public let callback: String
    /// How long the code has been observed running.
    ///
    /// It started up to half a threshold earlier.
    public let duration: Duration

    /// The loop, the code and the duration in one sentence.
    public var description: String {
        "\(loop) is blocked: \(callback) has been running for more than \(duration.secondsText)"
    }
}
