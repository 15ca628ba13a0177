internal import Kernel

/// A thread of a group: makes a loop, runs it until the group ends, and closes it.
enum GroupThread {
    /// Starts the thread, which reports to `life`.
    static func start(
        number: Int, name prefix: String, isPinned: Bool, life: GroupLife,
        loopFactory: @escaping @Sendable () throws -> any AbstractEventLoop
    ) {
        let name = DetachedThread.name(prefix, number: number)
        let failure = DetachedThread.start(name: name) {
            do {
                if isPinned { try pin(to: number) }
                let loop = try loopFactory()
                life.started(number, name, loop)
                run(loop, name, life)
            } catch { life.couldNotStart(error) }
        }
        if failure != 0 { life.couldNotStart(EventLoopError(system: Errno(rawValue: failure), "pthread_create")) }
    }

    static func pin(to number: Int) throws(EventLoopError) {
        do throws(Errno) { try ThreadAffinity.pin(toProcessor: number) } catch {
            throw EventLoopError(system: error, "sched_setaffinity")
        }
    }

    private static func run(_ loop: any AbstractEventLoop, _ name: String, _ life: GroupLife) {
        var failures: [any Error] = []
        do {
            // The loop serves until the group ends, even if its `stop()` is called.
            repeat { try loop.runForever() } while life.deadline == nil
        } catch {
            failures.append(error)
            loop.core.exceptions.report(ExceptionContext(message: "The run of \(name) has failed", error: error))
        }
        if failures.isEmpty, let deadline = life.deadline { failures += endTasks(of: loop, by: deadline) }
        do { try loop.close() } catch { failures.append(error) }
        life.ended(name, failures)
    }

    /// Cancels the loop's tasks, and runs it until they have ended or the deadline has passed.
    private static func endTasks(of loop: any AbstractEventLoop, by deadline: Int64) -> [any Error] {
        let timer = loop.callAt(LoopInstant(nanoseconds: deadline)) { loop.stop() }
        defer { timer.cancel() }
        let ending = loop.allTasks
        do { try loop.endAllTasks() } catch let error as EventLoopError where error.code == .stoppedBeforeCompletion {
            let names = ending.filter { !$0.isDone }.map { "\($0)" }.sorted().joined(separator: ", ")
            if names.isEmpty { return [] }
            return [EventLoopError(.timedOut, "shutdown", detail: "These tasks ignored their cancellation: \(names)")]
        } catch { return [error] }
        return []
    }
}
