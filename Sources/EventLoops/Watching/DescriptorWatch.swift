internal import Kernel

/// The direction in which a descriptor is watched.
enum WatchDirection {
    case reading, writing
}

/// A descriptor that the loop's user watches, with a callback for reading, one for writing, or both.
///
/// Readiness only queues a callback, which runs like any other. At most one handle for each direction is in the queue:
/// a handle that was queued in a turn has run, or was cancelled, before the loop enters the kernel again.
final class DescriptorWatch: WatchOwner, CustomStringConvertible {
    private struct Registration {
        let place: SourcePlace?
        let callback: () throws -> Void
        /// The handle that is in the queue, or was the last to run.
        var queued: Handle?
    }

    private let descriptor: Int32
    private let queue: WorkQueue
    private let exceptions: ExceptionReporter
    private var channel: (any WatchChannel)?
    private var reader: Registration?
    private var writer: Registration?

    init(_ descriptor: Int32, channels: any ChannelFactory, queue: WorkQueue, exceptions: ExceptionReporter) {
        self.descriptor = descriptor
        self.queue = queue
        self.exceptions = exceptions
        channel = channels.makeWatchChannel(descriptor, owner: self)
    }

    var isEmpty: Bool {
        reader == nil && writer == nil
    }

    /// Sets or replaces a callback; a replaced callback does not run again.
    ///
    /// Replacing registers the descriptor with the kernel again. The former callback may have been for another file,
    /// which was closed without removing the callback: the kernel then does not watch the descriptor's present file.
    ///
    /// - Throws: The kernel's error if it refuses. A first callback is then not added; a replacement ends the whole
    ///   watch, and a callback for the other direction is reported as lost.
    func add(
        _ direction: WatchDirection, at place: SourcePlace?, _ callback: @escaping () throws -> Void
    ) throws(Errno) {
        let isNew = take(direction) == nil
        put(direction, Registration(place: place, callback: callback))
        do throws(Errno) { try isNew ? updateChannel() : rearmChannel() } catch {
            put(direction, nil)
            if isEmpty { end() } else if !isNew { watchingFailed(error) }
            throw error
        }
    }

    /// Removes a callback, even if it is in the queue; returns false if there was none.
    func remove(_ direction: WatchDirection) -> Bool {
        guard take(direction) != nil else { return false }
        // Watching fewer directions fails only if the descriptor is already closed.
        if isEmpty { end() } else { try? updateChannel() }
        return true
    }

    /// Removes both callbacks and releases the descriptor.
    func end() {
        _ = take(.reading)
        _ = take(.writing)
        channel?.close()
        channel = nil
    }

    private func updateChannel() throws(Errno) {
        try channel?.watch(reading: reader != nil, writing: writer != nil)
    }

    private func rearmChannel() throws(Errno) {
        try channel?.rearm(reading: reader != nil, writing: writer != nil)
    }

    private func put(_ direction: WatchDirection, _ registration: Registration?) {
        switch direction {
        case .reading: reader = registration
        case .writing: writer = registration
        }
    }

    private func take(_ direction: WatchDirection) -> Registration? {
        let registration = direction == .reading ? reader : writer
        registration?.queued?.cancel()
        put(direction, nil)
        return registration
    }

    var description: String {
        "<DescriptorWatch fd=\(descriptor)\(reader == nil ? "" : " reading")\(writer == nil ? "" : " writing")>"
    }

    // MARK: Upcalls

    func becameReady(reading: Bool, writing: Bool) {
        if reading { schedule(&reader) }
        if writing { schedule(&writer) }
    }

    private func schedule(_ registration: inout Registration?) {
        guard let (place, callback) = registration.map({ ($0.place, $0.callback) }) else { return }
        let handle = Handle(at: place, callback)
        registration?.queued = handle
        queue.append(handle)
    }

    /// Reports the failure, because there is no caller to receive it, and ends the watch: the kernel would only fail
    /// again.
    func watchingFailed(_ errno: Errno) {
        let place = (reader ?? writer)?.place
        end()
        let error = EventLoopError(
            .system, "watch", errno: errno,
            detail: "File descriptor \(descriptor) is no longer watched: remove its reader and writer before closing"
        )
        var context = ExceptionContext(message: "Watching a file descriptor failed", error: error)
        context.socket = descriptor
        context.sourcePlace = place
        exceptions.report(context)
    }
}
