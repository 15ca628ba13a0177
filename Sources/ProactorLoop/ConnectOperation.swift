internal import EventLoops
internal import Glibc
internal import Kernel
internal import Uring

/// One connect, and the task that waits for it.
final class ConnectOperation: ChannelTarget, @unchecked Sendable {
    private let port: RingPort
    private let descriptor: Int32
    private let address = UnsafeMutablePointer<sockaddr_storage>.allocate(capacity: 1)
    private let length: socklen_t
    private var tag: UInt64?
    private var waiting: UnsafeContinuation<Int32, Never>?
    private let target: SocketAddress
    /// The task that waits, for people.
    private var task: AnyObject?

    init(_ port: RingPort, _ descriptor: Int32, _ target: SocketAddress) {
        self.port = port
        self.descriptor = descriptor
        self.target = target
        address.initialize(to: sockaddr_storage())
        let address = address
        length = target.withSockAddr { source, length in
            UnsafeMutableRawPointer(address).copyMemory(from: source, byteCount: Int(length))
            return length
        }
        super.init()
    }

    deinit {
        address.deallocate()
    }

    /// Connects.
    ///
    /// Cancelling is a request: the kernel's answer is awaited, because it has the descriptor until then.
    func result(isolation: isolated (any Actor)? = #isolation) async throws {
        task = port.queue.runningTask
        let result = await withTaskCancellationHandler {
            // Isolated as the caller, an actor that is pinned to the loop: it would leave the loop's thread otherwise.
            _ = isolation
            return await withUnsafeContinuation { start($0) }
        } onCancel: {
            port.queue.performOnLoop { self.cancel() }
        }
        try Task.checkCancellation()
        guard port.queue.isTurning || port.queue.isClosed else { throw port.queue.refusal("connect") }
        if result < 0 { throw Errno(rawValue: -result) }
    }

    private func start(_ continuation: UnsafeContinuation<Int32, Never>) {
        if Task.isCancelled || !port.queue.isTurning {
            return continuation.resume(returning: -Errno.canceled.rawValue)
        }
        waiting = continuation
        tag = address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            port.ring.connect(descriptor, to: $0, length: length, for: self)
        }
    }

    private func cancel() {
        if let tag { port.ring.cancel(tag) }
    }

    override func completed(_ tag: UInt64, _ result: Int32, _ flags: CompletionFlags) {
        self.tag = nil
        waiting?.resume(returning: result)
        waiting = nil
        task = nil
    }

    override func purpose(of tag: UInt64) -> OperationPurpose {
        let owner = task.map { "\($0)" } ?? "a task"
        return OperationPurpose(.connect, descriptor, owner: "\(owner) to \(target)")
    }
}
