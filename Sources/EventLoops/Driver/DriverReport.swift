/// A driver's features, counters and operations in flight, for capabilities, statistics and dumps.
package protocol DriverReport: AnyObject {
    var backend: LoopBackend { get }
    /// The kernel features beyond the minimum that this driver requires, by their kernel names.
    var features: [String] { get }
    /// How the driver performs each operation.
    var operationSupport: [LoopCapabilities.Operation] { get }
    /// The driver's counters and gauges.
    ///
    /// - Thread: Any.
    var figures: DriverFigures { get }
    /// Calls `body` with each operation in flight and its age.
    ///
    /// - Parameter now: The current time of the monotonic clock, in nanoseconds.
    func forEachPending(at now: Int64, _ body: (PendingOperation) -> Void)
}
