extension StreamReader {
    /// Calls a body with the bytes of the stream as they arrive, until the end of the stream.
    ///
    /// The task suspends once for the whole stream. The body is a plain closure that the loop calls for each delivery,
    /// so this is as fast as a ``StreamProtocol``:
    ///
    ///     try await reader.forEachChunk { bytes in
    ///         writer.write(bytes)
    ///     }
    ///
    /// Bytes that arrived before the call are lent first. While the connection's writer has more bytes pending than its
    /// limits allow, reading pauses: the body needs no `drain()`.
    ///
    /// - Parameter body: Gets at least one byte, without a copy. The bytes count as read, even if it throws. It may
    ///   write to, close or abort the connection. Writing the span, or part of it, to a writer of the same loop avoids
    ///   the copy where that is cheaper.
    /// - Throws: What the body throws, after which the stream can still be read. The connection's error, after
    ///   everything that arrived has been lent. `CancellationError` if the task is cancelled. ``EventLoopError``:
    ///   `.invalidState` if another task is reading this stream; `.closed` if the loop is closed; `.wrongThread` if
    ///   called off the loop's thread.
    /// - Cancellation: Ends the iteration: the body is not called again. No byte is lost.
    /// - Thread: A task of the loop. The body is called on the loop's thread, but outside the task: it does not see the
    ///   task's task-local values.
    public func forEachChunk(_ body: @escaping (RawSpan) throws -> Void) async throws {
        try await iterate(StreamIteration("forEachChunk", takesLines: false, body: body))
    }

    /// Calls a body with the bytes of the stream as they arrive, until it stops or the stream ends.
    ///
    ///     try await reader.forEachChunk { bytes in
    ///         total += bytes.byteCount
    ///         return total < length ? .continue : .stop
    ///     }
    ///
    /// - Parameters:
    ///   - isolation: The caller's. A closure without `return` fits both forms; because of this parameter, it selects
    ///     the other one.
    ///   - body: Gets at least one byte, without a copy, and decides whether to continue. After it has stopped, the
    ///     bytes that it did not read, and all that arrive later, stay in the stream.
    /// - Throws: Same as the form whose body returns nothing.
    /// - Cancellation: Ends the iteration: the body is not called again. No byte is lost.
    /// - Thread: A task of the loop. The body is called on the loop's thread, but outside the task: it does not see the
    ///   task's task-local values.
    public func forEachChunk(
        isolation: isolated (any Actor)? = #isolation, _ body: @escaping (RawSpan) throws -> StreamStep
    ) async throws {
        try await iterate(StreamIteration("forEachChunk", takesLines: false, deciding: body))
    }

    /// Calls a body with each line of the stream as it arrives, until the end of the stream.
    ///
    /// The task suspends once for the whole stream, and lines cause no allocation:
    ///
    ///     try await reader.forEachLine { line in
    ///         count += 1
    ///         if line.byteCount == 0 { writer.write("empty\n") }
    ///     }
    ///
    /// Lines that arrived before the call are lent first. While the connection's writer has more bytes pending than its
    /// limits allow, no line is lent and reading pauses: the body needs no `drain()`.
    ///
    /// - Parameter body: Gets a line without its newline; a carriage return before it is part of the line. The last
    ///   line of the stream need not have a newline. The line counts as read, even if the body throws. The body may
    ///   write to, close or abort the connection.
    /// - Throws: ``LimitOverrunError`` if a line is longer than ``limit``; the part of it that has arrived is dropped,
    ///   as by ``readLine()``. What the body throws, after which the stream can still be read. The connection's error,
    ///   after all whole lines have been lent. `CancellationError` if the task is cancelled. ``EventLoopError``:
    ///   `.invalidState` if another task is reading this stream; `.closed` if the loop is closed; `.wrongThread` if
    ///   called off the loop's thread.
    /// - Cancellation: Ends the iteration: the body is not called again. No byte is lost.
    /// - Thread: A task of the loop. The body is called on the loop's thread, but outside the task: it does not see the
    ///   task's task-local values.
    public func forEachLine(_ body: @escaping (RawSpan) throws -> Void) async throws {
        try await iterate(StreamIteration("forEachLine", takesLines: true, body: body))
    }

    /// Calls a body with each line of the stream as it arrives, until it stops or the stream ends.
    ///
    ///     try await reader.forEachLine { line in
    ///         line.byteCount == 0 ? .stop : .continue   // an empty line ends the header
    ///     }
    ///
    /// - Parameters:
    ///   - isolation: The caller's. A closure without `return` fits both forms; because of this parameter, it selects
    ///     the other one.
    ///   - body: Gets a line without its newline, and decides whether to continue. After it has stopped, the bytes that
    ///     it did not read, and all that arrive later, stay in the stream.
    /// - Throws: Same as the form whose body returns nothing.
    /// - Cancellation: Ends the iteration: the body is not called again. No byte is lost.
    /// - Thread: A task of the loop. The body is called on the loop's thread, but outside the task: it does not see the
    ///   task's task-local values.
    public func forEachLine(
        isolation: isolated (any Actor)? = #isolation, _ body: @escaping (RawSpan) throws -> StreamStep
    ) async throws {
        try await iterate(StreamIteration("forEachLine", takesLines: true, deciding: body))
    }
}
