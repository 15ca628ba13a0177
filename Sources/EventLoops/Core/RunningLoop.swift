internal import Kernel

/// The core of the loop that is running on the calling thread.
enum RunningLoop {
    private static let running = ThreadLocal()

    static var isActive: Bool {
        current != nil
    }

    /// The core of the running loop; nil in a forked child, where the parent's loop does not run.
    static var current: LoopCore? {
        guard let address = running.value else { return nil }
        let core = Unmanaged<LoopCore>.fromOpaque(address).takeUnretainedValue()
        return core.queue.isInForkedChild ? nil : core
    }

    /// Makes `core` the running one of the calling thread, and returns the previous one.
    static func enter(_ core: LoopCore) -> UnsafeMutableRawPointer? {
        let previous = running.value
        running.value = Unmanaged.passUnretained(core).toOpaque()
        return previous
    }

    static func leave(to previous: UnsafeMutableRawPointer?) {
        running.value = previous
    }
}
