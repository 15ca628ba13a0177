internal import EventLoops
internal import Kernel
internal import Uring

/// An operation on a socket that a task awaits, with one submission and one completion.
///
/// Cancellation is only a request: the task still waits for the completion, because the kernel uses the descriptor and
/// the memory until then. Meanwhile, the operation table keeps this object and its memory alive.
class RingOperation: ChannelTarget, SocketOperation, @unchecked Sendable {
    final let port: RingPort
    final let descriptor: Int32
    final let wait: OperationWait
    final lazy var passed = PassedDescriptors()
    private var memory = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    private var peer: SocketAddress?
    private var tag: UInt64?

    init(_ port: RingPort, _ descriptor: Int32) {
        self.port = port
        self.descriptor = descriptor
        wait = OperationWait(queue: port.queue)
        super.init()
    }

    // Computed, because access through the protocol to a stored property costs an exclusivity check.

    final var bytes: UnsafeMutableRawBufferPointer {
        get { memory }
        set { memory = newValue }
    }

    final var address: SocketAddress? {
        get { peer }
        set { peer = newValue }
    }

    /// Submits the operation and returns its tag.
    func submit() -> UInt64 {
        preconditionFailure("\(type(of: self)) does not override submit()")
    }

    /// Called when the operation has succeeded, before its task is resumed; returns what the task gets.
    func succeeded(_ result: Int) -> Result<Int, Errno> { .success(result) }

    final func abandon(_ result: Int) {}

    final func start() {
        tag = submit()
    }

    final func requestCancel() {
        if let tag { port.ring.cancel(tag) }
    }

    final override func completed(_ tag: UInt64, _ result: Int32, _ flags: CompletionFlags) {
        self.tag = nil
        wait.finish(result < 0 ? .failure(Errno(rawValue: -result)) : succeeded(Int(result)))
    }
}
