import Glibc

/// Where errors go that nobody waits for.
///
/// Nothing is dropped: without a handler they are written to the log.
///
/// asyncio: `call_exception_handler`, `default_exception_handler`.
package final class ExceptionReporter: @unchecked Sendable {
    package var handler: ((ExceptionContext) throws -> Void)?

    package init() {}

    package func report(_ context: ExceptionContext) {
        guard let handler else { return logDefault(context) }
        do { try handler(context) } catch {
            var nested = ExceptionContext(message: "Unhandled error in exception handler", error: error)
            nested.handle = context.handle
            logDefault(nested)
            logDefault(context)
        }
    }

    package func logDefault(_ context: ExceptionContext) {
        Log.write(.error, context.description)
    }
}

/// The debug flag's start value.
enum DebugFlag {
    /// Whether `PROACTOR_DEBUG` is set and not empty.
    ///
    /// asyncio: `PYTHONASYNCIODEBUG`.
    static var isSetInEnvironment: Bool {
        guard let value = getenv("PROACTOR_DEBUG") else { return false }
        return value[0] != 0
    }
}
