/// What a driver is, can do, has done and is doing: for capabilities, statistics and dumps.
package protocol DriverReport: AnyObject {
    var backend: LoopBackend { get }
    /// What the kernel offers beyond the least that this driver needs, by the kernel's names.
    var features: [String] { get }
    /// How each operation is done.
    var operationSupport: [LoopCapabilities.Operation] { get }
    /// Counters and gauges. Any thread.
    var figures: DriverFigures { get }
    /// Calls `body` with each operation in flight, and its age at a time of the monotonic clock, in nanoseconds.
    func forEachPending(at now: Int64, _ body: (PendingOperation) -> Void)
}
