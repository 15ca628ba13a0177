internal import Kernel

/// The calls in one direction of a socket, which are served one at a time, in the order in which they began.
///
/// Two sends in flight would interleave their bytes, and two receives would be served in any order.
final class SocketLine: SocketTurns {
    /// The call being served.
    private var first: SocketCall?
    private var others: [SocketCall] = []
    /// A call object that can be used again.
    private var spare: SocketCall?
    /// What was received for tasks that were cancelled.
    var received: ReceivedItems

    init(isStream: Bool) {
        received = ReceivedItems(isStream: isStream)
    }

    /// A call object: usually the one of the last call.
    func takeSpare(_ kind: SocketOperationKind) -> SocketCall? {
        guard spare?.kind == kind else { return nil }
        return spare.take()
    }

    func enter(_ call: SocketCall) {
        if first !== call {
            if first != nil { return others.append(call) }
            first = call
        }
        serve(call)
    }

    private func serve(_ call: SocketCall) {
        if received.isEmpty { return call.operation.start() }
        received.deliver(to: call.operation, takesDescriptors: call.kind == .receiveDescriptors)
    }

    func cancel(_ call: SocketCall) {
        if first === call { return call.operation.requestCancel() }
        others.removeAll { $0 === call }
        call.wait.finish(.failure(.canceled))
    }

    func giveBack(_ item: ReceivedItem) {
        received.giveBack(item)
    }

    /// Ends a call, whose operation is over or was never started, and serves the next one.
    func leave(_ call: SocketCall) {
        if first === call {
            first = others.isEmpty ? nil : others.removeFirst()
            if let first { serve(first) }
        }
        if !call.isReplaced { spare = call }
    }

    /// Ends all operations early, because the socket was closed or detached.
    func endAll() {
        first?.wait.end()
        for call in others { call.wait.end() }
    }
}
