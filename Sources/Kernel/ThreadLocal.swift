import Glibc

/// A per-thread word, initially nil.
///
/// Source: `pthread_key_create(3)`.
package struct ThreadLocal: Sendable {
    private let key: pthread_key_t

    /// Makes a word that is nil in every thread.
    ///
    /// - Parameter end: Called at the end of each thread whose word is not nil, with that word; by then, the thread's
    ///   word has been reset to nil.
    package init(atThreadEnd end: (@convention(c) (UnsafeMutableRawPointer?) -> Void)? = nil) {
        var key = pthread_key_t()
        let failure = pthread_key_create(&key, end)
        precondition(failure == 0, "pthread_key_create: \(failure)")
        self.key = key
    }

    /// The calling thread's word.
    package var value: UnsafeMutableRawPointer? {
        get { pthread_getspecific(key) }
        nonmutating set {
            // Fails only if there is no memory left, in which case nothing else would work either.
            let failure = pthread_setspecific(key, newValue)
            precondition(failure == 0, "pthread_setspecific: \(failure)")
        }
    }
}
