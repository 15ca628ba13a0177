import Glibc

/// Which core runs on the calling thread.
enum RunningLoop {
    private static let key: pthread_key_t = {
        var key = pthread_key_t()
        let failure = pthread_key_create(&key, nil)
        precondition(failure == 0, "pthread_key_create: \(failure)")
        return key
    }()

    static var isActive: Bool {
        current != nil
    }

    /// None in a forked child: there no loop of the parent's runs.
    static var current: LoopCore? {
        guard let address = pthread_getspecific(key) else { return nil }
        let core = Unmanaged<LoopCore>.fromOpaque(address).takeUnretainedValue()
        return core.queue.isInForkedChild ? nil : core
    }

    /// Makes the core the thread's running one, and returns what was there.
    static func enter(_ core: LoopCore) -> UnsafeMutableRawPointer? {
        let previous = pthread_getspecific(key)
        pthread_setspecific(key, Unmanaged.passUnretained(core).toOpaque())
        return previous
    }

    static func leave(to previous: UnsafeMutableRawPointer?) {
        pthread_setspecific(key, previous)
    }
}
