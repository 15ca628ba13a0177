package import EventLoops
internal import Kernel
internal import Polling

extension SelectorDriver: DriverReport {
    package var backend: LoopBackend {
        switch selector {
        case .epoll: .epoll
        case .poll: .poll
        case .select: .select
        }
    }

    package var features: [String] { [] }

    package var operationSupport: [LoopCapabilities.Operation] {
        [
            .init("accept", .emulated("\(selector) and accept4")),
            .init("connect", .emulated("connect, \(selector) and SO_ERROR")),
            .init("receive", .emulated("\(selector) and recv")),
            .init("receive into a BufferedProtocol", .emulated("\(selector) and recv")),
            .init("send", .emulated("send or sendmsg, and \(selector) while the socket's buffer is full")),
            .init("sockRecv", .emulated("recv, and \(selector) while there are no bytes")),
            .init("sockRecvFrom", .emulated("recvfrom, and \(selector) while there are no bytes")),
            .init("sockSendAll", .emulated("send, and \(selector) while the socket's buffer is full")),
            .init("sockSendTo", .emulated("sendto, and \(selector) while the socket's buffer is full")),
            .init("sockAccept", .emulated("accept4, and \(selector) while there are no connections")),
            .init("sockRecvDescriptors", .emulated("recvmsg, and \(selector) while there are no bytes")),
            .init("sockSendAll(descriptors:)", .emulated("sendmsg, and \(selector) while the socket's buffer is full")),
            .init("watch a descriptor", .emulated("\(selector)")),
            .init("wake-up", .emulated("\(selector) and an eventfd")),
        ]
    }

    package var figures: DriverFigures {
        var figures = DriverFigures()
        figures.submissions = watches.changesMade
        figures.completions = found.value
        figures.systemCalls = waits.value
        figures.operationsInFlight = watches.waits
        figures.receiveBuffersLent = port.buffersLent
        figures.receiveBuffersTotal = port.lent.total
        return figures
    }

    package func forEachPending(at now: Int64, _ body: (PendingOperation) -> Void) {
        watches.forEachWait { target, readiness, since in
            let age = Duration.nanoseconds(max(0, now - (since ?? now)))
            body(PendingOperation(target.purpose(of: readiness), call: "\(selector)", age: age))
        }
    }

    /// The number of watched descriptors, including the loop's own.
    package var descriptorsWatched: Int {
        watches.live
    }

    /// The number of receive buffers that still have a reader.
    package var buffersLent: Int {
        port.buffersLent
    }
}
