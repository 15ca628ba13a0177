package import Kernel

/// How long one round with the kernel may last.
package enum LoopWait {
    case none
    case forever
    /// Until this time of the monotonic clock, in nanoseconds.
    case until(Int64)
}

/// What a loop must supply: one round with the kernel, a way to be woken, and channels.
///
/// All but ``wake()``, ``checkThread(_:)`` and ``figures`` is called on the loop's thread.
package protocol LoopDriver: AnyObject {
    var backend: LoopBackend { get }
    /// What the kernel offers beyond the least that this driver needs, by the kernel's names.
    var features: [String] { get }
    /// How each operation is done.
    var operations: [LoopCapabilities.Operation] { get }
    /// What the driver has done and has in hand.
    var figures: DriverFigures { get }
    /// Shows what the kernel was asked for and has not done, with its age at a time of the monotonic clock.
    func forEachPending(at now: Int64, _ body: (PendingOperation) -> Void)
    /// Throws if only another thread than the calling one can run or close the loop. Any thread.
    func checkThread(_ operation: String) throws(EventLoopError)
    /// Binds the driver to the calling thread, which was checked; called before each run.
    func attach() throws(EventLoopError)
    /// Comes before each ``poll(_:)``, and before it is decided how long that may wait: takes up what channels have to
    /// send. May call their owners.
    func prepare()
    /// Gives the kernel what is asked of it, waits, and dispatches whatever has happened.
    func poll(_ wait: LoopWait) throws(EventLoopError)
    /// Gives the kernel what is asked of it, at the end of a run.
    func flush()
    /// Ends the current or the next wait. Any thread; costs a system call.
    func wake()
    /// The descriptor whose writing wakes the loop, for signal handlers, which can call nothing else.
    var wakeDescriptor: Int32 { get }
    /// The driver's own descriptors, with what each is: users must not watch them.
    var ownDescriptors: [(descriptor: Int32, name: String)] { get }
    func makeStreamChannel(_ descriptor: Int32, owner: any StreamChannelOwner) -> any StreamChannel
    func makeListenerChannel(_ descriptor: Int32, owner: any ListenerOwner) -> any ListenerChannel
    func makeWatchChannel(_ descriptor: Int32, owner: any WatchOwner) -> any WatchChannel
    /// Connects a socket. Cancelling ends it with `CancellationError`; the socket may then only be closed.
    func connect(_ descriptor: Int32, to address: SocketAddress) async throws
    /// Calls off everything, waits until the kernel has let go of it, and releases the kernel's resources.
    func close() throws(EventLoopError)
}

extension LoopDriver {
    /// As a rule each thread can.
    package func checkThread(_ operation: String) throws(EventLoopError) {}

    /// The one that every driver has.
    package var ownDescriptors: [(descriptor: Int32, name: String)] { [(wakeDescriptor, "eventfd")] }
}
