internal import Kernel

/// The life of a group's threads: which have started, when they have to end, and how they ended.
///
/// Any thread may use it.
final class GroupLife: Sendable {
    private struct State {
        var loops: [Int: any AbstractEventLoop] = [:]
        var startFailures: [any Error] = []
        var running: Set<String> = []
        /// Errors of runs, and of closing.
        var failures: [any Error] = []
        /// The time by which the loops' tasks must end, in nanoseconds of the kernel's clock; nil while the group runs.
        var deadline: Int64?
    }

    private let condition = Condition()
    private nonisolated(unsafe) var state = State()

    // MARK: For the threads

    func started(_ number: Int, _ name: String, _ loop: any AbstractEventLoop) {
        change {
            $0.loops[number] = loop
            $0.running.insert(name)
        }
    }

    func couldNotStart(_ error: any Error) {
        change { $0.startFailures.append(error) }
    }

    func ended(_ name: String, _ failures: [any Error]) {
        change {
            $0.running.remove(name)
            $0.failures += failures
        }
    }

    /// The time by which a loop's tasks must end; nil while the group runs.
    var deadline: Int64? {
        condition.withLock { state.deadline }
    }

    // MARK: For the group

    /// Waits until each of `count` threads has a running loop; returns the loops in the order of their numbers.
    ///
    /// - Throws: The first error of a thread. The other threads have then been requested to end.
    func loops(of count: Int) throws -> [any AbstractEventLoop] {
        let (loops, failures) = condition.withLock {
            while state.loops.count + state.startFailures.count < count { condition.wait() }
            return (state.loops.sorted { $0.key < $1.key }.map(\.value), state.startFailures)
        }
        guard let first = failures.first else { return loops }
        end(by: LoopClock.monotonic.now())
        throw first
    }

    /// Requests that every thread end its loop; only the first call has an effect.
    ///
    /// - Parameter deadline: The time by which the loops' tasks must end, in nanoseconds of ``LoopClock/monotonic``.
    /// - Returns: False if this was not the first call.
    @discardableResult
    func end(by deadline: Int64) -> Bool {
        let loops: [any AbstractEventLoop]? = condition.withLock {
            guard state.deadline == nil else { return nil }
            state.deadline = deadline
            return Array(state.loops.values)
        }
        guard let loops else { return false }
        for loop in loops { _ = try? loop.callSoonThreadsafe { loop.stop() } }
        return true
    }

    /// Blocks until all threads have ended.
    ///
    /// - Returns: The names of those that have not ended by `latest`.
    func waitForEnd(until latest: Int64) -> Set<String> {
        condition.withLock {
            while !state.running.isEmpty, LoopClock.monotonic.now() < latest { condition.wait(until: latest) }
            return state.running
        }
    }

    /// The errors of loops whose run has failed.
    var failures: [any Error] {
        condition.withLock { state.failures }
    }

    private func change(_ body: (inout State) -> Void) {
        condition.withLock {
            body(&state)
            condition.broadcast()
        }
    }
}
