/// What Swift runs of a task of the loop.
///
/// It throws nothing; but a closure that may throw needs no wrapper to be made a task of.
package typealias TaskJob = Task<Void, any Error>

/// Which of Swift's tasks something is, by its address.
///
/// A task's job and its continuations have the task's own address; a loop that met others would ask in slower ways.
/// Child tasks have others than the task that began them.
package enum TaskAddress {
    package static func of(_ job: UnownedJob) -> UInt {
        unsafeBitCast(job, to: UInt.self)
    }

    package static func of(_ task: TaskJob) -> UInt {
        unsafeBitCast(task, to: UInt.self)
    }

    /// That of the task which the continuation suspends.
    ///
    /// Asking the runtime for the calling task costs as much as ten calls.
    package static func of<Result>(_ continuation: UnsafeContinuation<Result, Never>) -> UInt {
        unsafeBitCast(continuation, to: UInt.self)
    }

    /// Whether the task with this address, which must be that of a task that is alive, is cancelled.
    ///
    /// Looked at in place and not inlined: the runtime's type has a size that is known at run time only, for which an
    /// async function would allocate.
    @inline(never)
    static func isCancelled(_ address: UInt) -> Bool {
        withUnsafePointer(to: address) { address in
            UnsafeRawPointer(address).assumingMemoryBound(to: UnsafeCurrentTask.self).pointee.isCancelled
        }
    }

    /// That of the calling task; nil if none calls.
    package static func ofCurrentTask() -> UInt? {
        let address = withUnsafeCurrentTask { unsafeBitCast($0, to: UInt.self) }
        return address == 0 ? nil : address
    }
}
