internal import CLinux
import Glibc

/// A thread that is not joined.
package enum DetachedThread {
    private final class Body {
        let name: String
        let run: @Sendable () -> Void

        init(name: String, run: @escaping @Sendable () -> Void) {
            self.name = name
            self.run = run
        }
    }

    /// The longest name that the kernel keeps, in bytes.
    ///
    /// Source: `pthread_setname_np(3)`.
    private static let longestName = 15

    /// Starts a thread and returns 0, or the error number from `pthread_create`.
    package static func start(name: String, _ run: @escaping @Sendable () -> Void) -> Int32 {
        let body = Unmanaged.passRetained(Body(name: name, run: run))
        var thread = pthread_t()
        let failure = pthread_create(
            &thread, nil,
            { argument in
                let body = Unmanaged<Body>.fromOpaque(argument.unsafelyUnwrapped).takeRetainedValue()
                cl_thread_set_name(body.name)
                // The thread that starts this one may be pinned.
                cl_thread_unpin()
                body.run()
                return nil
            }, body.toOpaque())
        if failure == 0 { pthread_detach(thread) } else { body.release() }
        return failure
    }

    /// The name for one of several threads; a long prefix is truncated so that the number remains visible.
    package static func name(_ prefix: String, number: Int) -> String {
        let ending = "-\(number)"
        var kept = Substring(prefix)
        while !kept.isEmpty, kept.utf8.count + ending.utf8.count > longestName { kept.removeLast() }
        return kept + ending
    }
}
