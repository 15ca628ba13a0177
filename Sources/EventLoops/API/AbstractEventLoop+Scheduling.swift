extension AbstractEventLoop {
    /// Calls `callback` in the loop's next turn, after callbacks that were scheduled earlier.
    ///
    /// - Parameters:
    ///   - file: The caller's source file, for debug mode.
    ///   - line: The caller's line.
    ///   - callback: The callback; an error that it throws goes to the exception handler.
    /// - Returns: A handle that can cancel it. On a closed loop, or off the loop's thread, the callback is refused: the
    ///   exception handler gets an ``EventLoopError``, and the handle is already cancelled.
    /// - Cost: Two allocations, no system call.
    /// - Thread: The loop's.
    ///
    /// asyncio: `call_soon`.
    @discardableResult
    public func callSoon(
        file: StaticString = #fileID, line: UInt = #line, _ callback: consuming @escaping () throws -> Void
    ) -> Handle {
        defer { withExtendedLifetime(self) {} }
        let core = coreReference
        let handle = Handle(at: core._withUnsafeGuaranteedRef { $0.place(file, line) }, callback)
        core._withUnsafeGuaranteedRef { $0.makeReady(handle) }
        return handle
    }

    /// Calls `callback` on the loop's thread, in its next turn.
    ///
    /// Calls from the same thread keep their order.
    ///
    /// - Parameters:
    ///   - file: The caller's source file, for debug mode.
    ///   - line: The caller's line.
    ///   - callback: The callback; an error that it throws goes to the exception handler.
    /// - Returns: A handle that can cancel it, on the loop's thread only.
    /// - Throws: ``EventLoopError`` with `.closed`, or `.forkedChild` in a child of the loop's process.
    /// - Thread: Any.
    /// - Cost: Two allocations, and a system call if the loop is asleep and has not been woken yet.
    ///
    /// asyncio: `call_soon_threadsafe`.
    @discardableResult
    public func callSoonThreadsafe(
        file: StaticString = #fileID, line: UInt = #line, _ callback: @escaping @Sendable () throws -> Void
    ) throws(EventLoopError) -> Handle {
        let posted = coreReference._withUnsafeGuaranteedRef { core in core.post(at: core.place(file, line), callback) }
        guard let posted else { throw core.postRefusal("callSoonThreadsafe") }
        return posted
    }

    /// Calls `callback` after `delay` has passed.
    ///
    /// Callbacks whose delay is zero or negative run in the next turn, in the order of their due times.
    ///
    /// - Parameters:
    ///   - delay: The minimum time to wait.
    ///   - file: The caller's source file, for debug mode.
    ///   - line: The caller's line.
    ///   - callback: The callback; an error that it throws goes to the exception handler.
    /// - Returns: A handle that can cancel it, as for ``callSoon(file:line:_:)``.
    /// - Thread: The loop's.
    ///
    /// asyncio: `call_later`.
    @discardableResult
    public func callLater(
        _ delay: Duration, file: StaticString = #fileID, line: UInt = #line,
        _ callback: consuming @escaping () throws -> Void
    ) -> TimerHandle {
        callAt(coreReference._withUnsafeGuaranteedRef { $0.now.advanced(by: delay) }, file: file, line: line, callback)
    }

    /// Calls `callback` at an instant of the loop's clock, or as soon as possible afterwards.
    ///
    /// Callbacks for the same instant are called in the order of scheduling.
    ///
    /// - Parameters:
    ///   - when: An instant of ``time``.
    ///   - file: The caller's source file, for debug mode.
    ///   - line: The caller's line.
    ///   - callback: The callback; an error that it throws goes to the exception handler.
    /// - Returns: A handle that can cancel it, as for ``callSoon(file:line:_:)``.
    /// - Thread: The loop's.
    ///
    /// asyncio: `call_at`.
    @discardableResult
    public func callAt(
        _ when: LoopInstant, file: StaticString = #fileID, line: UInt = #line,
        _ callback: consuming @escaping () throws -> Void
    ) -> TimerHandle {
        defer { withExtendedLifetime(self) {} }
        let core = coreReference
        let timer = TimerHandle(when: when, at: core._withUnsafeGuaranteedRef { $0.place(file, line) }, callback)
        core._withUnsafeGuaranteedRef { $0.schedule(timer) }
        return timer
    }

    /// Suspends the calling task for at least `delay`, or for one turn of the loop if `delay` is zero or negative.
    ///
    /// - Parameter delay: How long to sleep.
    /// - Throws: ``EventLoopError`` with `.wrongThread` or `.closed`; `CancellationError` if the task is cancelled.
    /// - Cancellation: Ends the sleep.
    /// - Thread: A task of the loop.
    ///
    /// asyncio: `asyncio.sleep`.
    public func sleep(for delay: Duration) async throws {
        try core.checkTask("sleep")
        guard delay > .zero else {
            return try await core.yieldTurn()
        }
        let over = WaitList(queue: core.queue)
        let handle = core.callAt(core.now.advanced(by: delay)) { over.resumeAll() }
        switch await over.wait() {
        case .happened: return
        case .misplaced:
            core.queue.performOnLoop { handle.cancel() }
            throw core.queue.refusal("sleep")
        default:
            handle.cancel()
            // A task that ignores its cancellation and sleeps again must not block the loop.
            if core.queue.isTurning { await withUnsafeContinuation { core.queue.append(yielded: $0) } }
            throw CancellationError()
        }
    }
}
