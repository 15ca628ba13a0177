internal import EventLoops
internal import Glibc
internal import Kernel
internal import Uring

/// Watches one direction of a descriptor with a poll that is submitted again after each completion.
///
/// A multishot poll reports only new events, not data that is still unread, and the kernel rejects the flag that would
/// change that (measured on 6.18). So the poll is single-shot. It is submitted after the callbacks of the turn, right
/// before the loop enters the kernel: if the descriptor is still ready, the poll completes within the same call.
///
/// The kernel looks up the file when it accepts the poll, and holds it until the poll has completed. Therefore:
/// - On the ring's thread, ending a poll in flight enters the kernel at once. When ``end()`` returns, the poll has
///   released the file, and the user's `close(2)` takes full effect: the peer sees the end of the stream, and the port
///   is free. On any other thread, ``end()`` only lists the poll: the kernel holds the file until the loop's next turn
///   on the ring's thread cancels the poll.
/// - Each registration is a separate object, retained by its operation until the operation has completed. A completion
///   after ``end()`` is ignored, even if the descriptor has been reused.
/// - If the kernel accepts the poll late (EBUSY, EAGAIN), the descriptor may already refer to another file. The request
///   to cancel the poll follows immediately, and a poll does not change a file, so this is harmless.
final class DescriptorPoll: ChannelTarget {
    enum Kind {
        case reading, writing
    }

    private let descriptor: Int32
    private let kind: Kind
    private let port: RingPort
    private weak var owner: (any WatchOwner)?
    private var tag: UInt64?
    /// Whether this object is in the port's list of polls to submit.
    private var isListed = false
    private var isOver = false

    init(_ descriptor: Int32, _ kind: Kind, port: RingPort, owner: any WatchOwner) {
        self.descriptor = descriptor
        self.kind = kind
        self.port = port
        self.owner = owner
        super.init()
        list()
    }

    /// Whether the poll has been submitted and has not completed.
    ///
    /// Once the kernel has accepted the poll, it holds the file to which the descriptor referred at that moment.
    var isInFlight: Bool {
        tag != nil
    }

    private func list() {
        isListed = true
        port.watching.append(self)
    }

    private func unlist() {
        guard isListed else { return }
        isListed = false
        port.watching.remove(self)
    }

    override func turnCame(_ call: TurnCall) {
        isListed = false
        if isOver { callOff() } else { submit() }
    }

    private func submit() {
        tag = port.ring.poll(descriptor, events: UInt32(kind == .reading ? POLLIN : POLLOUT), for: self)
    }

    override func completed(_ tag: UInt64, _ result: Int32, _ flags: CompletionFlags) {
        self.tag = nil
        if isOver { return unlist() }
        let errno = Errno(rawValue: -result)
        if result < 0, errno != .canceled { return owner?.watchingFailed(errno) ?? () }
        list()
        // The kernel also reports hang-ups and errors, in both directions.
        if result >= 0 { owner?.becameReady(reading: kind == .reading, writing: kind == .writing) }
    }

    override func purpose(of tag: UInt64) -> OperationPurpose {
        owner?.purpose(ofWriting: kind == .writing, descriptor)
            ?? OperationPurpose(
                kind == .reading ? .watchForReading : .watchForWriting, descriptor, owner: "a watch that has ended")
    }

    /// Stops notifying the owner and makes the kernel release the file: at once on the ring's thread, and otherwise in
    /// the loop's next turn.
    func end() {
        guard !isOver else { return }
        isOver = true
        unlist()
        guard tag != nil else { return }
        // Between two runs, another thread may own the loop, but only the thread that ran it first may use the ring.
        guard port.ring.isOwnThread else { return list() }
        callOff()
        try? port.ring.enter(.none)
    }

    private func callOff() {
        if let tag { port.ring.cancel(tag) }
    }
}
