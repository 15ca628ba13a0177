/// Makes the tasks of a loop, for `createTask` and the like.
///
/// asyncio: the callable that is passed to `set_task_factory`.
public protocol TaskFactory: AnyObject, Sendable {
    /// Makes a task, usually with `LoopTask(loop:name:eagerStart:_:)`.
    ///
    /// - Parameters:
    ///   - loop: The loop that will run the task.
    ///   - name: The requested name; the loop sets it on the task afterwards.
    ///   - body: The code, which the factory can wrap.
    /// - Returns: A task of that loop.
    func makeTask<Value>(
        on loop: any AbstractEventLoop, name: String?, _ body: @escaping () async throws -> Value
    ) -> LoopTask<Value>
}

/// Makes tasks that start inside `createTask`; a task that never waits is done when `createTask` returns.
///
/// asyncio: `eager_task_factory`.
public final class EagerTaskFactory: TaskFactory {
    /// Makes a factory.
    public init() {}

    /// Makes a task that starts at once if the loop is running.
    ///
    /// - Parameters:
    ///   - loop: The loop that will run the task.
    ///   - name: The requested name.
    ///   - body: The code.
    /// - Returns: The task.
    public func makeTask<Value>(
        on loop: any AbstractEventLoop, name: String?, _ body: @escaping () async throws -> Value
    ) -> LoopTask<Value> {
        LoopTask(loop: loop, name: name, eagerStart: true, body)
    }
}

extension LoopTask {
    /// Makes a task without using the loop's factory; for use by factories.
    ///
    /// - Parameters:
    ///   - loop: The loop that runs the task.
    ///   - name: The task's name; nil for a default name with a number.
    ///   - eagerStart: Whether the body starts before this returns, if the loop is running. Otherwise it starts in the
    ///     next turn.
    ///   - file: The caller's source file, for debug mode.
    ///   - line: The caller's line.
    ///   - body: The code. On a closed loop, or on a thread other than the loop's, it does not run, and the task has
    ///     already failed.
    ///
    /// asyncio: `asyncio.Task(coroutine, loop=, name=, eager_start=)`.
    public convenience init(
        loop: any AbstractEventLoop, name: String? = nil, eagerStart: Bool = false,
        file: StaticString = #fileID, line: UInt = #line, _ body: @escaping () async throws -> Value
    ) {
        let core = loop.core
        let place = core.place(file, line)
        do throws(EventLoopError) { try core.check("createTask") } catch {
            self.init(core: core, name: name, at: place, isRefused: true)
            finishTask(throwing: error, wasCancelled: false)
            return
        }
        self.init(core: core, name: name, at: place)
        start(eager: eagerStart, body)
    }
}

extension AbstractEventLoop {
    /// The factory for the loop's tasks; nil for the default.
    ///
    /// asyncio: `get_task_factory`.
    public var taskFactory: (any TaskFactory)? {
        core.taskFactory as? any TaskFactory
    }

    /// Sets the factory for the loop's tasks.
    ///
    /// - Parameter factory: The factory, which the loop retains; nil for the default.
    ///
    /// asyncio: `set_task_factory`.
    public func setTaskFactory(_ factory: (any TaskFactory)?) {
        guard core.admits("setTaskFactory") else { return }
        core.taskFactory = factory
    }
}
