internal import EventLoops
internal import Glibc
internal import Kernel
internal import Polling

/// One connect, and the task that waits for it.
final class ConnectOperation: ReadinessTarget, @unchecked Sendable {
    private let port: PollerPort
    private let descriptor: Int32
    private let address: SocketAddress
    private var waiting: UnsafeContinuation<Errno?, Never>?
    /// The task that waits, for people.
    private var task: AnyObject?

    init(_ port: PollerPort, _ descriptor: Int32, _ target: SocketAddress) {
        self.port = port
        self.descriptor = descriptor
        address = target
        super.init()
    }

    /// Connects.
    ///
    /// Cancelling ends the wait at once: the kernel has nothing of ours.
    func result(isolation: isolated (any Actor)? = #isolation) async throws {
        try SocketCalls.setNonBlocking(descriptor)
        task = port.queue.runningTask
        let failure = await withTaskCancellationHandler {
            // Isolated as the caller, an actor that is pinned to the loop: it would leave the loop's thread otherwise.
            _ = isolation
            return await withUnsafeContinuation { start($0) }
        } onCancel: {
            port.queue.performOnLoop { self.end(.canceled) }
        }
        try Task.checkCancellation()
        guard port.queue.isTurning || port.queue.isClosed else { throw port.queue.refusal("connect") }
        if let failure { throw failure }
    }

    private func start(_ continuation: UnsafeContinuation<Errno?, Never>) {
        if Task.isCancelled || !port.queue.isTurning {
            return continuation.resume(returning: .canceled)
        }
        do throws(Errno) {
            try SocketCalls.connect(descriptor, to: address)
            return continuation.resume(returning: nil)
        } catch {
            guard error == .nowInProgress else { return continuation.resume(returning: error) }
        }
        waiting = continuation
        port.watches.claim(descriptor)
        port.watches.want(.writable, of: descriptor, self)
    }

    override func ready(_ readiness: Readiness) {
        do throws(Errno) { end(try SocketCalls.pendingError(descriptor)) } catch { end(error) }
    }

    override func watchingFailed(_ errno: Errno) {
        end(errno)
    }

    override func loopCloses() {
        end(.canceled)
    }

    override func purpose(of readiness: Readiness) -> OperationPurpose {
        let owner = task.map { "\($0)" } ?? "a task"
        return OperationPurpose(.connect, descriptor, owner: "\(owner) to \(address)")
    }

    private func end(_ failure: Errno?) {
        guard let waiting else { return }
        self.waiting = nil
        task = nil
        port.watches.release(descriptor, self)
        waiting.resume(returning: failure)
    }
}
