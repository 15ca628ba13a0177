public import Glibc

/// Turns what calls of the C library answer into a value or a thrown ``Errno``; the only reader of `errno`.
///
/// The first three retry while a signal interrupts them: with handlers elsewhere in the process, any call can be.
///
/// Public, as ``SingleWriterCounter`` is, so that all rooms inline it.
public enum SystemCall {
    /// The result of a call that answers a small number, such as a descriptor, or -1.
    @inlinable @inline(__always)
    public static func value(_ call: () -> Int32) throws(Errno) -> Int32 {
        while true {
            let result = call()
            if result != -1 { return result }
            let failure = lastFailure
            if failure != .interrupted { throw failure }
        }
    }

    /// The result of a call that answers a length, or -1.
    @inlinable @inline(__always)
    public static func count(_ call: () -> Int) throws(Errno) -> Int {
        while true {
            let result = call()
            if result != -1 { return result }
            let failure = lastFailure
            if failure != .interrupted { throw failure }
        }
    }

    /// Runs a call that answers nothing but success or -1.
    @inlinable @inline(__always)
    public static func nothing(_ call: () -> Int32) throws(Errno) {
        _ = try value(call)
    }

    /// The result of a call that must not be repeated when it is interrupted.
    @inlinable @inline(__always)
    @discardableResult
    public static func once(_ call: () -> Int32) throws(Errno) -> Int32 {
        let result = call()
        if result == -1 { throw lastFailure }
        return result
    }

    /// Why the last call of this thread failed; only right after a call that tells its failure in another way than -1.
    @inlinable
    public static var lastFailure: Errno {
        Errno(rawValue: errno)
    }
}
