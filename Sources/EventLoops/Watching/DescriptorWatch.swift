internal import Kernel

/// What one descriptor is watched for.
enum WatchDirection {
    case reading, writing
}

/// One descriptor that the loop's user watches: who reads and who writes.
///
/// Readiness only queues a callback, which runs in its turn like any other. There is at most one of each kind in the
/// queue: what was queued in a turn has run, or was called off, before the kernel is asked again.
final class DescriptorWatch: WatchOwner, CustomStringConvertible {
    private struct Registration {
        let place: SourcePlace?
        let callback: () throws -> Void
        /// The handle that waits for its turn, or ran last.
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

    /// Sets or replaces a callback; a replaced one does not run any more.
    func add(
        _ direction: WatchDirection, at place: SourcePlace?, _ callback: @escaping () throws -> Void
    ) throws(Errno) {
        let isNew = take(direction) == nil
        put(direction, Registration(place: place, callback: callback))
        guard isNew else { return }
        do throws(Errno) { try tellChannel() } catch {
            put(direction, nil)
            throw error
        }
    }

    /// Takes a callback away, also if it waits for its turn; false if there was none.
    func remove(_ direction: WatchDirection) -> Bool {
        guard take(direction) != nil else { return false }
        // The kernel cannot refuse to do less, unless the descriptor is gone already.
        if isEmpty { end() } else { try? tellChannel() }
        return true
    }

    /// Takes both away, and lets go of the descriptor.
    func end() {
        _ = take(.reading)
        _ = take(.writing)
        channel?.close()
        channel = nil
    }

    private func tellChannel() throws(Errno) {
        try channel?.watch(reading: reader != nil, writing: writer != nil)
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

    /// Told aloud, since nobody waits for it, and the end of the watch: the kernel would only say the same again.
    func watchingFailed(_ errno: Errno) {
        let place = (reader ?? writer)?.place
        end()
        let error = EventLoopError(
            .system, "watch", errno: errno,
            detail: "File descriptor \(descriptor) is not watched any more: remove its reader and writer before closing"
        )
        var context = ExceptionContext(message: "Watching a file descriptor failed", error: error)
        context.socket = descriptor
        context.sourcePlace = place
        exceptions.report(context)
    }
}
