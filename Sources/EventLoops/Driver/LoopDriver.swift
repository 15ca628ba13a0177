/// How long one wait for events may last.
package enum LoopWait {
    case none
    case forever
    /// Until this time of the loop's clock, in nanoseconds.
    case until(Int64)
}

/// Performs the turns of a loop: submit, wait, dispatch; another thread can end a wait.
///
/// ``ChannelFactory``, ``DescriptorOperations`` and ``DriverReport`` declare a driver's other functions. All calls
/// except ``wake()`` and ``checkThread(_:)`` are made on the loop's thread.
package protocol LoopDriver: AnyObject {
    /// Throws if the calling thread cannot run or close the loop. Any thread.
    func checkThread(_ operation: String) throws(EventLoopError)
    /// Binds the driver to the calling thread, which has been checked. Called before each run.
    func attach() throws(EventLoopError)
    /// Collects what channels have to send. Called before each ``poll(_:)`` and before the loop determines how long it
    /// may wait, because the channels' owners may be called and schedule callbacks.
    func prepare()
    /// Submits queued operations, waits, and dispatches events.
    func poll(_ wait: LoopWait) throws(EventLoopError)
    /// Submits queued operations at the end of a run.
    func flush()
    /// Ends the current or the next wait. Any thread; costs a system call.
    func wake()
    /// A write to this descriptor wakes the loop. For signal handlers, which cannot call ``wake()``.
    var wakeDescriptor: Int32 { get }
    /// The driver's own descriptors, which users must not watch, and their names.
    var ownDescriptors: [(descriptor: Int32, name: String)] { get }
    /// Cancels every operation, waits until the kernel has ended them, and releases the kernel's resources.
    func close() throws(EventLoopError)
}

extension LoopDriver {
    /// By default, any thread can run and close the loop.
    package func checkThread(_ operation: String) throws(EventLoopError) {}

    /// By default, only the descriptor that wakes the loop.
    package var ownDescriptors: [(descriptor: Int32, name: String)] { [(wakeDescriptor, "eventfd")] }
}
