package import Kernel

extension LoopCore {
    /// The first pause before a connect is tried again; each further one is twice as long, up to the longest.
    private static let firstPause = Duration.milliseconds(1)
    private static let longestPause = Duration.milliseconds(50)

    /// Connects a socket, on every kind of loop.
    ///
    /// While the backlog of a Unix listener is full, the kernel refuses at once instead of waiting, for `connect(2)` as
    /// for `IORING_OP_CONNECT`, and reports the socket as writable. So only trying again after a while helps.
    ///
    /// - Throws: `Errno` if the socket cannot connect; `CancellationError`; ``EventLoopError``.
    /// - Cancellation: Ends the attempt; the socket can then only be closed.
    package func connect(_ descriptor: Int32, to address: SocketAddress) async throws {
        var pause = Self.firstPause
        while true {
            do { return try await operations.connect(descriptor, to: address) } catch {
                guard address.family == .unix, error as? Errno == .resourceTemporarilyUnavailable else { throw error }
            }
            let over = WaitList(queue: queue)
            let timer = callAt(now.advanced(by: pause)) { over.resumeAll() }
            do { try await over.waitOrThrow("connect") } catch {
                queue.performOnLoop { timer.cancel() }
                throw error
            }
            pause = min(pause * 2, Self.longestPause)
        }
    }
}
