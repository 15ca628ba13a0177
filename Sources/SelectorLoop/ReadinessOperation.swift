internal import EventLoops
internal import Kernel
internal import Polling

/// An operation on a selector that a task awaits: a non-blocking call, repeated when the descriptor is ready.
///
/// Cancelling ends it at once, because the kernel holds nothing of it.
class ReadinessOperation: ReadinessTarget, AwaitedOperation, @unchecked Sendable {
    final let port: PollerPort
    final let descriptor: Int32
    final let wait: OperationWait
    private let direction: Readiness
    private var isWatching = false

    init(_ port: PollerPort, _ descriptor: Int32, waitsFor direction: Readiness) {
        self.port = port
        self.descriptor = descriptor
        self.direction = direction
        wait = OperationWait(queue: port.queue)
        super.init()
    }

    /// Makes the first call.
    ///
    /// - Returns: The result; nil to wait until the descriptor is ready.
    func attempt() throws(Errno) -> Int? {
        preconditionFailure("\(type(of: self)) does not override attempt()")
    }

    /// Makes the next call, once the descriptor is ready; by default the same as the first.
    func attemptAgain() throws(Errno) -> Int? {
        try attempt()
    }

    func abandon(_ result: Int) {}

    final func start() {
        do throws(Errno) {
            if let result = try attempt() { return end(.success(result)) }
            isWatching = true
            port.watches.want(direction, of: descriptor, self)
        } catch { end(.failure(error)) }
    }

    final func requestCancel() {
        end(.failure(.canceled))
    }

    final override func ready(_ readiness: Readiness) {
        do throws(Errno) {
            if let result = try attemptAgain() { end(.success(result)) }
        } catch { end(.failure(error)) }
    }

    final override func watchingFailed(_ errno: Errno) {
        end(.failure(errno))
    }

    final override func loopCloses() {
        wait.loopCloses()
    }

    private func end(_ result: Result<Int, Errno>) {
        if isWatching {
            isWatching = false
            port.watches.drop(descriptor)
        }
        wait.finish(result)
    }
}
