import Glibc

/// Converts the results of C library calls to values or a thrown ``Errno``; the only reader of `errno`.
///
/// All but ``once(_:_:)`` retry a call that a signal interrupted. If the process has signal handlers, any call can be
/// interrupted.
package enum SystemCall {
    /// Makes a call that returns a small number, such as a descriptor, or -1; returns its result.
    ///
    /// - Parameters:
    ///   - name: The name of the call, for ``SystemCallFaults``.
    ///   - call: Makes the call.
    @inline(__always)
    package static func value(_ name: SystemCallName = .other, _ call: () -> Int32) throws(Errno) -> Int32 {
        while true {
            do throws(Errno) { return try once(name, call) } catch { if error != .interrupted { throw error } }
        }
    }

    /// Makes a call that returns a length or -1; returns its result.
    @inline(__always)
    package static func count(_ name: SystemCallName = .other, _ call: () -> Int) throws(Errno) -> Int {
        while true {
            #if DEBUG
                if let failure = SystemCallFaults.failure(of: name) {
                    if failure == .interrupted { continue }
                    throw failure
                }
            #endif
            let result = call()
            if result != -1 { return result }
            let failure = lastFailure
            if failure != .interrupted { throw failure }
        }
    }

    /// Makes a call that returns 0 or -1.
    @inline(__always)
    package static func nothing(_ name: SystemCallName = .other, _ call: () -> Int32) throws(Errno) {
        _ = try value(name, call)
    }

    /// Makes a call that must not be retried when it is interrupted; returns its result.
    @inline(__always)
    @discardableResult
    package static func once(_ name: SystemCallName = .other, _ call: () -> Int32) throws(Errno) -> Int32 {
        #if DEBUG
            if let failure = SystemCallFaults.failure(of: name) { throw failure }
        #endif
        let result = call()
        if result == -1 { throw lastFailure }
        return result
    }

    /// The error of the calling thread's last failed call, for calls that report failure by something other than -1.
    ///
    /// Valid only right after that call.
    package static var lastFailure: Errno {
        Errno(rawValue: errno)
    }
}
