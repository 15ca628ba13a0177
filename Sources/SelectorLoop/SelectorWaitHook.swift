internal import EventLoops

/// Calls its owner with the channels that have bytes to send.
final class SelectorWaitHook: ReadinessTarget, WaitHook {
    private let port: PollerPort
    private weak var owner: (any WaitHookOwner)?
    private var isRequested = false

    init(port: PollerPort, owner: any WaitHookOwner) {
        self.port = port
        self.owner = owner
        super.init()
    }

    func request() {
        guard !isRequested, !port.isClosed else { return }
        isRequested = true
        // The list does not retain its members.
        port.sending.append(Unmanaged.passRetained(self).toOpaque())
    }

    override func turnCame(_ call: TurnCall) {
        isRequested = false
        owner?.loopWillWait()
        Unmanaged.passUnretained(self).release()
    }
}
