internal import EventLoops
internal import Glibc
internal import Kernel
internal import Uring

/// Watches a descriptor for one thing, with a poll that is submitted anew after each readiness.
///
/// A poll that stays (multishot) tells of what comes new and is silent about what is still unread, and the kernel
/// refuses the flag that would change that (measured on 6.18). So it is one shot, submitted right before the loop
/// enters the kernel, when the callbacks of the turn have run: what is still ready then completes inside of that same
/// call, and nothing is waited for.
///
/// The kernel finds the file when it takes the poll, and holds it until the poll is over. Therefore:
/// - Ending a poll in flight enters the kernel at once. When ``end()`` has returned the poll is off the file, and a
///   `close(2)` of the user's does all that one expects of it: the peer sees the end, the port is free.
/// - Each registration is an object of its own, held by its operation until that has completed. What completes after
///   ``end()`` finds an object with nothing to tell, whatever the descriptor's number stands for by then.
/// - A poll that the kernel would not take for a while (EBUSY, EAGAIN) may meet another file under the number, with its
///   cancel right behind it. That is harmless: a poll takes nothing away from a file.
final class DescriptorPoll: ChannelTarget {
    enum Kind {
        case reading, writing
    }

    private let descriptor: Int32
    private let kind: Kind
    private let port: RingPort
    private weak var owner: (any WatchOwner)?
    private var tag: UInt64?
    /// Whether the port is to call in the next turn.
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

    /// Whether the kernel has the poll, and with it the file that the number stood for when it took it.
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
        // A hang-up or an error comes unasked, and is for who reads and who writes.
        if result >= 0 { owner?.becameReady(reading: kind == .reading, writing: kind == .writing) }
    }

    override func purpose(of tag: UInt64) -> OperationPurpose {
        owner?.purpose(ofWriting: kind == .writing, descriptor)
            ?? OperationPurpose(
                kind == .reading ? .watchForReading : .watchForWriting, descriptor, owner: "a watch that has ended")
    }

    /// Tells nothing any more, and takes the poll off the file.
    func end() {
        guard !isOver else { return }
        isOver = true
        unlist()
        guard tag != nil else { return }
        // Between two runs another thread may have the loop, but the ring is of the thread that ran it first.
        guard port.ring.isOwnThread else { return list() }
        callOff()
        try? port.ring.enter(.none)
    }

    private func callOff() {
        if let tag { port.ring.cancel(tag) }
    }
}
