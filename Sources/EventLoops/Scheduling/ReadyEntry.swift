/// Something that the loop can run: a callback, an internal step, or a job of Swift concurrency.
///
/// A plain value. The queue that holds it owns one reference to a handle.
package enum ReadyEntry: @unchecked Sendable {
    case handle(Unmanaged<Handle>)
    /// An internal step of the library, such as ending a wait that was cancelled on another thread. Tasks depend on it,
    /// so it runs even while the loop is closing.
    case request(Unmanaged<Handle>)
    /// A task that yielded for one turn.
    case yielded(UnsafeContinuation<Void, Never>)
    /// A job of a task that prefers this loop.
    case taskJob(UnownedJob)
    /// A job of an actor that is pinned to this loop.
    case serialJob(UnownedJob)

    /// Releases a callback that will never run, with everything that it captures, even if the handle is still
    /// referenced.
    ///
    /// Other entries cannot be dropped: their tasks would never end.
    package func discard() {
        guard case .handle(let reference) = self else { return }
        reference.takeRetainedValue().forget()
    }
}
