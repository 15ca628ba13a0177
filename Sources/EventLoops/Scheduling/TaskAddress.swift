/// The Swift task behind a task of the loop.
///
/// The task never throws; the error type avoids a wrapper around closures that may throw.
package typealias TaskJob = Task<Void, any Error>

/// The address that identifies a Swift task.
///
/// Relies on the runtime: a task, its job and its continuations share one address. A child task has an address of its
/// own. If that changes, compare tasks instead.
package enum TaskAddress {
    package static func of(_ job: UnownedJob) -> UInt {
        unsafeBitCast(job, to: UInt.self)
    }

    package static func of(_ task: TaskJob) -> UInt {
        unsafeBitCast(task, to: UInt.self)
    }

    /// The address of the task that the continuation suspends.
    ///
    /// This is far cheaper than asking the runtime for the calling task.
    package static func of<Result>(_ continuation: UnsafeContinuation<Result, Never>) -> UInt {
        unsafeBitCast(continuation, to: UInt.self)
    }

    /// Whether the task with this address, which must be alive, is cancelled.
    ///
    /// Accessed in place and not inlined: the size of the runtime's type is known only at run time, so an async
    /// function would allocate for it.
    @inline(never)
    static func isCancelled(_ address: UInt) -> Bool {
        withUnsafePointer(to: address) { address in
            UnsafeRawPointer(address).assumingMemoryBound(to: UnsafeCurrentTask.self).pointee.isCancelled
        }
    }

    /// The address of the calling task; nil outside tasks.
    package static func ofCurrentTask() -> UInt? {
        let address = withUnsafeCurrentTask { unsafeBitCast($0, to: UInt.self) }
        return address == 0 ? nil : address
    }
}
