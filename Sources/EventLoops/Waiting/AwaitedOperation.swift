package import Kernel

/// A single operation that a task awaits, such as a connect, an accept, a receive or a read from a file.
///
/// A conforming type defines how the operation starts and how it is cancelled. It has an ``OperationWait``, to which it
/// reports the result, and which does everything else. An object may serve several operations, one after the other. All
/// requirements are called on the loop's thread, unless stated otherwise. Any number of operations may be in flight on
/// one descriptor, if the driver allows it.
package protocol AwaitedOperation: AnyObject, Sendable {
    /// Starts the operation.
    ///
    /// Called at most once for each wait, and never for a task that is already cancelled. The operation may be over
    /// before this returns.
    func start()

    /// Requests that the operation end early, because its task was cancelled or the loop is closing.
    ///
    /// Called at most once for each wait, after ``start()`` and before the end. It must lead to
    /// ``OperationWait/finish(_:)``, at once or later, with `.canceled` or with the result if the operation finishes
    /// first.
    func requestCancel()

    /// Releases a result that the task does not get: closes a descriptor, or keeps bytes for the next receive.
    ///
    /// Does nothing for a result that owns nothing.
    func abandon(_ result: Int)

    /// Copies a result that is in memory of the task's caller: that memory becomes invalid when the call returns, and
    /// ``abandon(_:)`` follows later, on the loop's thread.
    ///
    /// Does nothing by default.
    ///
    /// - Thread: Any; the operation is over.
    func saveResult(_ result: Int)
}

extension AwaitedOperation {
    package func saveResult(_ result: Int) {}
}

/// How an operation ended, as seen by the task that awaits it.
package enum OperationOutcome: Equatable {
    /// The operation finished with the kernel's result: a descriptor, a count of bytes, or zero.
    case finished(Int)
    case failed(Errno)
    /// The task was cancelled, and there is no result.
    ///
    /// The operation may have failed first or been partly done: a socket that was connecting can only be closed.
    case cancelled
    /// The task was cancelled, but the operation finished before the cancellation took effect: the caller now owns this
    /// result.
    case finishedFirst(Int)
    /// The loop is closed or closing.
    ///
    /// A result, if there was one, was abandoned.
    case closed
    /// The task would continue, or has continued, on a thread other than the loop's, where it must not use the loop.
    ///
    /// A result, if there was one, was abandoned.
    case misplaced
}
