/// Reports errors that no caller receives.
///
/// Without a handler they are written to the log.
///
/// asyncio: `call_exception_handler`, `default_exception_handler`.
package final class ExceptionReporter: @unchecked Sendable {
    package var handler: ((ExceptionContext) throws -> Void)?
    /// Where the running callback was scheduled, if debug mode was on.
    var runningPlace: SourcePlace?

    package init() {}

    package func report(_ context: ExceptionContext) {
        let context = completed(context)
        guard let handler else { return logDefault(context) }
        do { try handler(context) } catch {
            var nested = ExceptionContext(message: "Unhandled error in exception handler", error: error)
            nested.context = context
            logDefault(nested)
        }
    }

    /// - Thread: Any.
    package func logDefault(_ context: ExceptionContext) {
        let hint = context.handlePlace == nil ? context.hint : nil
        Log.write(.error, context.description + (hint.map { "\n  \($0)" } ?? ""))
    }

    /// If the creation site is unknown, adds where the running callback was scheduled.
    func completed(_ context: ExceptionContext) -> ExceptionContext {
        guard let runningPlace, context.sourcePlace == nil, context.handlePlace == nil, context.context == nil else {
            return context
        }
        var context = context
        context.handlePlace = runningPlace
        return context
    }
}
