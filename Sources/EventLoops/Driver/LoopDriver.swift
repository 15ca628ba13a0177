/// How long one wait for events may last.
package enum LoopWait {
    case none
    case forever
    /// Until this time of the loop's clock, in nanoseconds.
    case until(Int64)
}

/// Runs a loop's turns: submit, wait, dispatch.
///
/// Another thread can end a wait.
///
/// ``ChannelFactory``, ``DescriptorOperations`` and ``DriverReport`` declare a driver's other functions. All calls
/// except ``wake()`` and ``checkThread(_:)`` are made on the loop's thread.
package protocol LoopDriver: AnyObject {
    /// Throws if the calling thread cannot run or close the loop.
    ///
    /// - Thread: Any.
    func checkThread(_ operation: String) throws(EventLoopError)
    /// Binds the driver to the calling thread, which has already been checked.
    ///
    /// Called before each run.
    func attach() throws(EventLoopError)
    /// Collects what channels have to send.
    ///
    /// Called before each ``poll(_:)``, and before the loop determines how long it may wait, because the channels'
    /// owners may be called and may schedule callbacks.
    func prepare()
    /// Submits queued operations, waits, and dispatches events.
    func poll(_ wait: LoopWait) throws(EventLoopError)
    /// Submits queued operations at the end of a run.
    func flush()
    /// Ends the current or the next wait, which costs a system call.
    ///
    /// - Thread: Any.
    func wake()
    /// A descriptor that wakes the loop when it is written to.
    ///
    /// For signal handlers, which cannot call ``wake()``.
    var wakeDescriptor: Int32 { get }
    /// The driver's own descriptors, which users must not watch, and their names.
    var ownDescriptors: [(descriptor: Int32, name: String)] { get }
    /// Cancels every operation, waits for the kernel to complete them, and releases the kernel's resources.
    func close() throws(EventLoopError)
}

extension LoopDriver {
    /// By default, any thread can run and close the loop.
    package func checkThread(_ operation: String) throws(EventLoopError) {}

    /// By default, only the descriptor that wakes the loop.
    package var ownDescriptors: [(descriptor: Int32, name: String)] { [(wakeDescriptor, "eventfd")] }
}
