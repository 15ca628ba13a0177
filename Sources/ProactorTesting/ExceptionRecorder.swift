public import EventLoops

/// Keeps what a loop's exception handler is told, so that a test can look at it.
///
/// Loop thread only.
public final class ExceptionRecorder {
    /// What was told, oldest first.
    public private(set) var contexts: [ExceptionContext] = []

    /// Makes a recorder that is told nothing yet.
    public init() {}

    /// Makes this recorder the loop's exception handler.
    ///
    /// - Parameter loop: The loop.
    public func attach(to loop: any AbstractEventLoop) {
        loop.setExceptionHandler { [self] in contexts.append($0) }
    }

    /// Takes what was told so far: what a test leaves here it did not expect.
    ///
    /// - Returns: The contexts, oldest first.
    @discardableResult
    public func take() -> [ExceptionContext] {
        defer { contexts = [] }
        return contexts
    }
}
