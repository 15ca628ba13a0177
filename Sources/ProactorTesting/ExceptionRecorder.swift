public import EventLoops

/// Records what a loop reports to its exception handler, for tests.
///
/// - Thread: The loop's thread.
public final class ExceptionRecorder {
    /// The recorded contexts, oldest first.
    public private(set) var contexts: [ExceptionContext] = []

    /// Creates an empty recorder.
    public init() {}

    /// Makes this recorder the loop's exception handler.
    ///
    /// - Parameter loop: The loop.
    public func attach(to loop: any AbstractEventLoop) {
        loop.setExceptionHandler { [self] in contexts.append($0) }
    }

    /// Returns the recorded contexts and clears the list, so that only unexpected ones remain.
    ///
    /// - Returns: The contexts, oldest first.
    @discardableResult
    public func take() -> [ExceptionContext] {
        defer { contexts = [] }
        return contexts
    }
}
