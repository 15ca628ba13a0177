public import EventLoops

extension EventLoopGroup {
    /// Starts the threads and waits until each has made its loop, of the policy's kind.
    ///
    /// - Parameters:
    ///   - count: The number of loops.
    ///   - name: The prefix of the threads' names, which end with their numbers; the kernel keeps 15 bytes.
    ///   - pinned: Whether each thread may run on one processor only, in the order of the processors' numbers.
    /// - Throws: ``EventLoopError``: `.invalidArgument` for less than one loop; `.system` if a thread cannot be started
    ///   or pinned; the errors of ``newEventLoop()``. In these cases, no thread keeps running.
    /// - Thread: Any thread that is allowed to block.
    public convenience init(loops count: LoopCount = .perCore, name: String = "loop", pinned: Bool = false) throws {
        try self.init(loops: count, name: name, pinned: pinned, loopFactory: { try newEventLoop() })
    }
}
