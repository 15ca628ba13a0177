internal import Kernel

extension AbstractEventLoop {
    /// Binds as ``ServerSockets/bind(to:)``, again and again while an address is in use, for at most `timeout`.
    ///
    /// The kernel takes the rings of a killed process down in the background. Until it has, some milliseconds after
    /// `waitpid(2)`, an accept in flight keeps the listening socket open, and the process that is started in place of
    /// the killed one finds its address in use. No socket is held between two tries, and the loop turns meanwhile.
    func bind(
        _ sockets: ServerSockets, to addresses: [SocketAddress], whileInUse timeout: Duration
    ) async throws -> [Int32] {
        let overdue = time.advanced(by: max(timeout, .zero))
        var pause = Duration.milliseconds(1)
        while true {
            do throws(EventLoopError) { return try sockets.bind(to: addresses) } catch {
                guard error.errno == .addressInUse, timeout > .zero else { throw error }
                let left = time.duration(to: overdue)
                guard left > .zero else { throw error.afterWaiting(for: timeout) }
                pause = min(pause, left)
            }
            try await sleep(for: pause)
            pause = min(pause * 2, .milliseconds(20))
        }
    }
}

extension EventLoopError {
    /// The same error with what was tried and what else may help.
    fileprivate func afterWaiting(for timeout: Duration) -> EventLoopError {
        let reason =
            "Another socket was still bound there after \(timeout): stop it, choose another port, or pass reusePort to "
            + "share it. The kernel releases the sockets of a killed process that used io_uring some milliseconds "
            + "after its end; if that takes longer, raise addressInUseTimeout"
        return EventLoopError(code, operation, errno: errno, address: address, detail: reason)
    }
}
