internal import Kernel

/// The core of the loop that is running on the calling thread.
enum RunningLoop {
    private static let running = ThreadLocal()

    static var isActive: Bool {
        current != nil
    }

    /// Nil in a forked child: the parent's loop does not run there.
    static var current: LoopCore? {
        guard let address = running.value else { return nil }
        let core = Unmanaged<LoopCore>.fromOpaque(address).takeUnretainedValue()
        return core.queue.isInForkedChild ? nil : core
    }

    /// Makes the core the thread's running one, and returns the previous one.
    static func enter(_ core: LoopCore) -> UnsafeMutableRawPointer? {
        let previous = running.value
        running.value = Unmanaged.passUnretained(core).toOpaque()
        return previous
    }

    static func leave(to previous: UnsafeMutableRawPointer?) {
        running.value = previous
    }
}
