internal import CLinux

/// The processors on which the calling thread may run.
package enum ThreadAffinity {
    /// The number of processors that this process may use, as limited by `taskset(1)` and containers.
    package static var usableProcessors: Int {
        Int(cl_usable_processors())
    }

    /// Lets the calling thread run on one of these processors only.
    ///
    /// Threads that the calling thread starts through ``DetachedThread`` are not affected.
    ///
    /// - Parameter number: From 0; numbers beyond the last processor start again at the first.
    ///
    /// Kernel: `sched_setaffinity(2)`.
    package static func pin(toProcessor number: Int) throws(Errno) {
        let failure = cl_thread_pin(Int32(clamping: number))
        if failure != 0 { throw Errno(rawValue: failure) }
    }

    /// The processors on which the calling thread may run now, to be passed to ``restore(_:)``.
    ///
    /// Kernel: `sched_getaffinity(2)`.
    package static func save() -> UnsafeMutableRawPointer? {
        cl_thread_save_processors()
    }

    /// Lets the calling thread run on these processors again, and frees the set.
    package static func restore(_ saved: UnsafeMutableRawPointer?) {
        cl_thread_restore_processors(saved)
    }
}
