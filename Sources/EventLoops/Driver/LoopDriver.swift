/// How long one wait for the kernel may last.
package enum LoopWait {
    case none
    case forever
    /// Until this time of the loop's clock, in nanoseconds.
    case until(Int64)
}

/// The turn of a loop: submit, wait, dispatch; and a way to end the wait.
///
/// What a loop can do beside that is in ``ChannelFactory``, ``DescriptorOperations`` and ``DriverReport``. Everything
/// but ``wake()`` and ``checkThread(_:)`` is called on the loop's thread.
package protocol LoopDriver: AnyObject {
    /// Throws if only another thread than the calling one can run or close the loop. Any thread.
    func checkThread(_ operation: String) throws(EventLoopError)
    /// Binds the driver to the calling thread, which has been checked. Called before each run.
    func attach() throws(EventLoopError)
    /// Collects what channels have to send. Called before each ``poll(_:)``, and before the loop decides how long that
    /// may wait, because it may call the channels' owners.
    func prepare()
    /// Submits what is queued, waits, and dispatches what has happened.
    func poll(_ wait: LoopWait) throws(EventLoopError)
    /// Submits what is queued, at the end of a run.
    func flush()
    /// Ends the current or the next wait. Any thread; costs a system call.
    func wake()
    /// A write to this descriptor wakes the loop: for signal handlers, which cannot call anything else.
    var wakeDescriptor: Int32 { get }
    /// The driver's own descriptors and their names, which users must not watch.
    var ownDescriptors: [(descriptor: Int32, name: String)] { get }
    /// Cancels every operation, waits until the kernel has ended them, and releases the kernel's resources.
    func close() throws(EventLoopError)
}

extension LoopDriver {
    /// By default, any thread can.
    package func checkThread(_ operation: String) throws(EventLoopError) {}

    /// Every driver has this one.
    package var ownDescriptors: [(descriptor: Int32, name: String)] { [(wakeDescriptor, "eventfd")] }
}
