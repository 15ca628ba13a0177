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

    /// That of the calling task, nil if none calls, and whether it is cancelled: one question for both, since each
    /// costs as much as ten calls.
    static func andMarkOfCurrentTask() -> (address: UInt?, isCancelled: Bool) {
        // As one number, with the mark in a bit that no address has: generic code has to ask for a pair's type.
        let both = withUnsafeCurrentTask { task in
            // An optional reference is an address or zero; to unwrap it would copy it by way of generic code.
            let address = unsafeBitCast(task, to: UInt.self)
            return address == 0 ? 0 : address | (unsafeBitCast(address, to: UnsafeCurrentTask.self).isCancelled ? 1 : 0)
        }
        return both == 0 ? (nil, false) : (both & ~1, both & 1 != 0)
    }

    /// That of the calling task; nil if none calls.
    static func ofCurrentTask() -> UInt? {
        let address = withUnsafeCurrentTask { unsafeBitCast($0, to: UInt.self) }
        return address == 0 ? nil : address
    }
}
