internal import Kernel

extension AbstractEventLoop {
    /// Like ``ServerSockets/bind(to:)``, but retries while an address is in use, for at most `timeout`.
    func bind(
        _ sockets: ServerSockets, to addresses: [SocketAddress], whileInUse timeout: Duration
    ) async throws -> [Int32] {
        try await retry(whileInUse: timeout) { () throws(EventLoopError) in try sockets.bind(to: addresses) }
    }

    /// Binds sockets, and retries while an address is in use, for at most `timeout`.
    ///
    /// The kernel tears down the rings of a killed process in the background. Until that is done, some milliseconds
    /// after `waitpid(2)`, an accept in flight keeps the listening socket open, and a process that replaces the killed
    /// one finds its address in use. No socket is held between two tries, and the loop keeps running meanwhile.
    func retry<Sockets>(
        whileInUse timeout: Duration, _ bind: () throws(EventLoopError) -> Sockets
    ) async throws -> Sockets {
        let overdue = time.advanced(by: max(timeout, .zero))
        var pause = Duration.milliseconds(1)
        while true {
            do throws(EventLoopError) { return try bind() } catch {
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
    /// The same error, with a description of what was tried and what else may help.
    fileprivate func afterWaiting(for timeout: Duration) -> EventLoopError {
        if code == .addressShared { return self }
        let reason =
            "Another socket was still bound there after \(timeout): stop it, choose another port, or pass reusePort to "
            + "share it. The kernel releases the sockets of a killed process that used io_uring some milliseconds "
            + "after its end; if that takes longer, raise addressInUseTimeout"
        return EventLoopError(code, operation, errno: errno, address: address, detail: reason)
    }
}
