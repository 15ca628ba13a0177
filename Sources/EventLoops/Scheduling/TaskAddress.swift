/// What Swift runs of a task of the loop.
///
/// It throws nothing; but a closure that may throw needs no wrapper to be made a task of.
package typealias TaskJob = Task<Void, any Error>

/// Which of Swift's tasks something is: an address that is only compared.
///
/// A task's job has the task's own address. Child tasks have others than the task that began them.
enum TaskAddress {
    static func of(_ job: UnownedJob) -> UInt {
        unsafeBitCast(job, to: UInt.self)
    }

    static func of(_ task: TaskJob) -> UInt {
        unsafeBitCast(task, to: UInt.self)
    }

    /// That of the calling task; nil if none calls.
    static func ofCurrentTask() -> UInt? {
        // An optional reference is an address or zero; to unwrap it first would copy it by way of generic code.
        let address = withUnsafeCurrentTask { unsafeBitCast($0, to: UInt.self) }
        return address == 0 ? nil : address
    }
}
