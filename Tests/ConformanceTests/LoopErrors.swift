import EventLoops
import Testing

/// An error that no library throws.
///
/// Two are equal if their numbers are equal.
struct Mishap: Error, Equatable {
    var number = 0
}

/// Expects an ``EventLoopError`` with this code.
func expectLoopError<Value>(
    _ code: EventLoopError.Code, sourceLocation: SourceLocation = #_sourceLocation, _ body: () throws -> Value
) {
    do {
        _ = try body()
        Issue.record("nothing was thrown", sourceLocation: sourceLocation)
    } catch {
        #expect((error as? EventLoopError)?.code == code, "\(error)", sourceLocation: sourceLocation)
    }
}

/// Like ``expectLoopError(_:sourceLocation:_:)`` for async code.
func expectLoopErrorLater<Value>(
    _ code: EventLoopError.Code, sourceLocation: SourceLocation = #_sourceLocation, _ body: () async throws -> Value
) async {
    do {
        _ = try await body()
        Issue.record("nothing was thrown", sourceLocation: sourceLocation)
    } catch {
        #expect((error as? EventLoopError)?.code == code, "\(error)", sourceLocation: sourceLocation)
    }
}
