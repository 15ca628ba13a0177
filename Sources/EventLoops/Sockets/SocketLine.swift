internal import Kernel

/// The calls in one direction of a socket, which are served one at a time, in the order in which they began.
///
/// Two sends in flight could interleave their bytes, and two receives could be completed in any order.
final class SocketLine: SocketTurns {
    /// The call being served, which its task keeps alive; not retained, for speed.
    private var first: Unmanaged<SocketCall>?
    private var others: [SocketCall] = []
    /// The call object that was made last, which usually serves all calls.
    private var lastMade: SocketCall?
    /// What was received for tasks that were cancelled.
    var received: ReceivedItems

    init(isStream: Bool) {
        received = ReceivedItems(isStream: isStream)
    }

    /// A call object of this kind that is not in use.
    func takeCall(_ kind: SocketOperationKind, _ make: () -> SocketCall) -> SocketCall {
        if let call = lastMade, call.kind == kind, !call.isTaken {
            call.isTaken = true
            return call
        }
        let call = make()
        call.isTaken = true
        lastMade = call
        return call
    }

    func enter(_ call: SocketCall) {
        if !isFirst(call) {
            if first != nil { return others.append(call) }
            first = .passUnretained(call)
        }
        serve(call)
    }

    private func isFirst(_ call: SocketCall) -> Bool {
        first?.toOpaque() == Unmanaged.passUnretained(call).toOpaque()
    }

    private func serve(_ call: SocketCall) {
        if received.isEmpty { return call.operation.start() }
        received.deliver(to: call.operation, of: call.kind)
    }

    func cancel(_ call: SocketCall) {
        if isFirst(call) { return call.operation.requestCancel() }
        others.removeAll { $0 === call }
        call.wait.finish(.failure(.canceled))
    }

    func giveBack(_ item: ReceivedItem) {
        received.giveBack(item)
    }

    /// Ends a call, whose operation is over or was never started, and serves the next one.
    func leave(_ call: SocketCall) {
        // A call that runs another operation than it was made for is not used again.
        if !call.isReplaced { call.isTaken = false }
        guard isFirst(call) else { return }
        first = nil
        if others.isEmpty { return }
        let next = others.removeFirst()
        first = .passUnretained(next)
        serve(next)
    }

    /// Ends all operations early, because the socket was closed or detached.
    func endAll() {
        first?._withUnsafeGuaranteedRef { $0.wait.end() }
        for call in others { call.wait.end() }
    }
}
