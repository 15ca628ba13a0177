internal import Kernel

/// A loop's use of a socket: its calls in both directions, and what was received for tasks that were cancelled.
///
/// The loop that used a socket first keeps it, until another loop uses the socket while no operation is in flight. The
/// socket owns this object. Its state may be accessed only on the loop's thread, for an operation that has begun, with
/// two exceptions: another loop may take it over, and the socket may end, when no operation is in flight.
final class SocketUse: SocketUser, @unchecked Sendable {
    private(set) var queue: WorkQueue
    private var reading: SocketLine
    private var writing: SocketLine
    private let isStream: Bool
    /// Whether the socket sends messages that must not wait in the kernel.
    private let isUnixDatagram: Bool
    /// Whether a call was cancelled that may have connected the socket, or may do so later.
    var hasAbandonedConnect = false
    /// Whether a call has connected the socket.
    var hasConnected = false
    /// Guards `queue` and both lines against the end of the socket on another thread while a loop takes it over.
    private let lock = Lock()

    init(_ queue: WorkQueue, isStream: Bool, isUnix: Bool) {
        self.queue = queue
        self.isStream = isStream
        isUnixDatagram = isUnix && !isStream
        reading = SocketLine(isStream: isStream)
        writing = SocketLine(isStream: isStream)
    }

    /// The call object for the next call.
    func call(_ kind: SocketOperationKind, _ descriptor: Int32, _ driver: any DescriptorOperations) -> SocketCall {
        // A send on such a socket may have to wait for its receiver, and only `sendTo` does so without a loss.
        let kind = isUnixDatagram && kind == .send ? .sendTo : kind
        let line = kind.isReading ? reading : writing
        return line.takeCall(kind) {
            SocketCall(kind, descriptor, line, driver.makeOperation(kind, descriptor))
        }
    }

    /// Ends a call, whose operation is over or was never started.
    func leave(_ call: SocketCall) {
        (call.kind.isReading ? reading : writing).leave(call)
    }

    /// Throws if the socket cannot be given to a transport or a server: operations are in flight, or received items
    /// would be lost.
    static func checkIsUnused(_ socket: Socket, _ operation: String) throws(EventLoopError) {
        guard let user = socket.user, socket.beginOperation() == .begun else { return }
        defer { socket.endOperation() }
        guard socket.hasSingleOperation else {
            throw EventLoopError(
                .descriptorInUse, operation, detail: "Tasks wait for operations on the socket: let them end first")
        }
        let use = Unmanaged<SocketUse>.fromOpaque(user).takeUnretainedValue()
        if use.reading.received.isEmpty { return }
        throw EventLoopError(
            .invalidState, operation,
            detail: "The socket has something that was received for a cancelled task: fetch it with sockRecv, "
                + "sockRecvFrom or sockAccept first")
    }

    /// Takes ownership of a socket's descriptor; throws if another thread has closed the socket meanwhile.
    static func detach(_ socket: Socket, _ operation: String) throws(EventLoopError) -> Int32 {
        let descriptor = socket.detach()
        guard descriptor >= 0 else { throw .invalidArgument(operation, "The socket is closed or was handed over") }
        return descriptor
    }

    /// Makes another loop the user; what was received stays with the socket.
    func move(to queue: WorkQueue) {
        lock.withLock {
            self.queue = queue
            let received = reading.received
            reading = SocketLine(isStream: isStream)
            reading.received = received
            writing = SocketLine(isStream: isStream)
        }
    }

    // MARK: SocketUser

    func socketEnds() -> Bool {
        let queue = lock.withLock { self.queue }
        if queue.isInForkedChild { return false }
        queue.performOnLoop { [self] in
            let isDone = lock.withLock {
                guard self.queue === queue else { return false }
                reading.endAll()
                writing.endAll()
                return true
            }
            // Another loop took the socket over meanwhile.
            if !isDone { _ = socketEnds() }
        }
        return true
    }

    func socketEnded(isDetached: Bool) {
        let lost = reading.received.unfetchedBytes
        reading.received = ReceivedItems(isStream: isStream)
        guard isDetached, lost > 0 else { return }
        Log.write(
            .warning,
            "A detached socket loses \(lost) bytes that were received for a cancelled task: call sockRecv first")
    }
}
