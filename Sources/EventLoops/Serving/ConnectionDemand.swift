/// The state of a server whose connections are the elements of a sequence.
final class ConnectionDemand {
    /// The limit of each connection's reader, in bytes.
    let limit: Int
    /// Resumes the tasks that wait for a connection.
    let changed: WaitList

    init(core: LoopCore, limit: Int) {
        self.limit = limit
        changed = WaitList(queue: core.queue)
    }
}
