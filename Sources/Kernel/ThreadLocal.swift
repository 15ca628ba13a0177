import Glibc

/// A word that each thread has for itself; nil at first.
///
/// Source: `pthread_key_create(3)`.
package struct ThreadLocal: Sendable {
    private let key: pthread_key_t

    /// - Parameter end: Called at the end of a thread whose word is not nil, with that word, once the thread's word is
    ///   nil.
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
            // Fails only if there is no memory left, where nothing else would work either.
            let failure = pthread_setspecific(key, newValue)
            precondition(failure == 0, "pthread_setspecific: \(failure)")
        }
    }
}
