package import EventLoops
internal import Kernel
internal import Uring

extension ProactorDriver: DriverReport {
    package var backend: LoopBackend { .ioUring }

    package var features: [String] {
        ring.features.names
    }

    package var operationSupport: [LoopCapabilities.Operation] {
        [
            .init("accept", .native(OperationKind.acceptMultishot.name)),
            .init("receive", .native("\(OperationKind.receiveMultishot.name) into a buffer ring")),
            .init("receive into a BufferedProtocol", .native(OperationKind.receive.name)),
            .init("send", .native("\(OperationKind.send.name), \(OperationKind.sendMessage.name)")),
            ReceiveOperation.report, SendOperation.report, SendToOperation.report, SendDescriptorsOperation.report,
            .init("send datagrams", .native("sendmmsg")),
            .init("watch a descriptor", .native(OperationKind.poll.name)),
            .init("wake-up", .native("\(OperationKind.read.name) of an eventfd")),
        ] + Self.optional.map { $0.report(isNative: port.has($0.kind)) }
    }

    /// The operations that are emulated if the kernel does not support them.
    private static let optional = [
        ConnectOperation.support, AcceptOperation.support, ReceiveFromOperation.support,
        ReceiveDescriptorsOperation.support, ProactorDatagramChannel.support,
    ]

    package var figures: DriverFigures {
        var figures = DriverFigures()
        figures.submissions = ring.entriesSubmitted
        figures.completions = ring.completionsReaped
        figures.systemCalls = ring.enters
        figures.operationsInFlight = ring.operations.live
        let datagrams = port.datagrams.usage
        figures.receiveBuffersLent = port.pool.lent.outstanding + datagrams.lent
        figures.receiveBuffersTotal = port.pool.lent.total + datagrams.total
        return figures
    }

    package func forEachPending(at now: Int64, _ body: (PendingOperation) -> Void) {
        ring.operations.forEachLive { target, tag, kind, since in
            guard let target = target as? ChannelTarget else { return }
            let age = Duration.nanoseconds(max(0, now - since))
            body(PendingOperation(target.purpose(of: tag), call: kind.name, age: age))
        }
    }

    package var operationsInFlight: Int {
        ring.operations.live
    }

    package var staleCompletions: Int {
        ring.operations.stale
    }

    /// The number of receive buffers that still have a reader.
    package var buffersLent: Int {
        port.pool.lent.outstanding + port.datagrams.usage.lent
    }

    /// The number of streams' receive buffers given to the kernel so far.
    package var buffersSupplied: Int {
        port.pool.supplied
    }

    /// The number of receive buffers for datagrams that still have a reader, and of those given to the kernel so far.
    package var datagramBuffers: (lent: Int, supplied: Int) {
        let usage = port.datagrams.usage
        return (usage.lent, usage.total)
    }
}
