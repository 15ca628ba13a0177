/// Makes the tasks of a loop: what `createTask` and its kin ask, if the loop has one.
///
/// asyncio: the callable that is given to `set_task_factory`.
public protocol TaskFactory: AnyObject, Sendable {
    /// Makes a task, as a rule with `LoopTask(loop:name:eagerStart:_:)`.
    ///
    /// - Parameters:
    ///   - loop: The loop that asks.
    ///   - name: The name that was asked for, which the loop gives to the task afterwards in any case.
    ///   - body: The code, which the factory may wrap.
    /// - Returns: A task of that loop.
    func makeTask<Value>(
        on loop: any AbstractEventLoop, name: String?, _ body: @escaping () async throws -> Value
    ) -> LoopTask<Value>
}

/// Makes tasks that begin inside of `createTask`, and are done when it returns if they never wait.
///
/// asyncio: `eager_task_factory`.
public final class EagerTaskFactory: TaskFactory {
    /// Makes a factory.
    public init() {}

    /// Makes a task that begins at once if the loop runs.
    ///
    /// - Parameters:
    ///   - loop: The loop that asks.
    ///   - name: The name that was asked for.
    ///   - body: The code.
    /// - Returns: The task.
    public func makeTask<Value>(
        on loop: any AbstractEventLoop, name: String?, _ body: @escaping () async throws -> Value
    ) -> LoopTask<Value> {
        LoopTask(loop: loop, name: name, eagerStart: true, body)
    }
}

extension LoopTask {
    /// Makes a task past the loop's factory: what a factory calls.
    ///
    /// - Parameters:
    ///   - loop: The loop that runs it.
    ///   - name: The task's name; nil for a number.
    ///   - eagerStart: Whether the body begins before this returns, if the loop runs; else it begins in the next turn.
    ///   - file: Where this is called, for debug mode.
    ///   - line: The line there.
    ///   - body: The code. On a closed loop or off the loop's thread it is dropped, and the task has failed. asyncio:
    ///     `asyncio.Task(coroutine, loop=, name=, eager_start=)`.
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
    /// What makes the loop's tasks; nil for the loop itself.
    ///
    /// asyncio: `get_task_factory`.
    public var taskFactory: (any TaskFactory)? {
        core.taskFactory as? any TaskFactory
    }

    /// Sets what makes the loop's tasks from now on.
    ///
    /// - Parameter factory: The factory, which is kept; nil for the loop itself. asyncio: `set_task_factory`.
    public func setTaskFactory(_ factory: (any TaskFactory)?) {
        guard core.admits("setTaskFactory") else { return }
        core.taskFactory = factory
    }
}
