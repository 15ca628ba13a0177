internal import EventLoops

/// Calls its owner with the channels that must notify theirs.
///
/// They are called right after the ring was entered, without a sleep. The list of channels with bytes to send cannot be
/// used: it must be empty by then, but the owner's call may request the next one.
final class ProactorWaitHook: ChannelTarget, WaitHook {
    private let port: RingPort
    private weak var owner: (any WaitHookOwner)?
    private var isRequested = false

    init(port: RingPort, owner: any WaitHookOwner) {
        self.port = port
        self.owner = owner
        super.init()
    }

    func request() {
        guard !isRequested else { return }
        isRequested = true
        // The list does not retain its members.
        port.notifying.append(Unmanaged.passRetained(self).toOpaque())
    }

    override func turnCame(_ call: TurnCall) {
        isRequested = false
        owner?.loopWillWait()
        Unmanaged.passUnretained(self).release()
    }
}
