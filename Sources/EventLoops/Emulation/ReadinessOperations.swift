internal import Kernel

/// Emulates operations on sockets for any driver that can watch descriptors.
package struct ReadinessOperations {
    private let seams: ReadinessSeams

    package init(on queue: WorkQueue, channels: any ChannelFactory, sockets: any SocketSystem) {
        seams = ReadinessSeams(queue: queue, channels: channels, sockets: sockets)
    }

    /// Emulates ``DescriptorOperations/makeOperation(_:_:)``.
    package func make(_ kind: SocketOperationKind, _ descriptor: Int32) -> any SocketOperation {
        switch kind {
        case .receive: ReadinessReceive(descriptor, seams)
        case .receiveFrom: ReadinessReceiveFrom(descriptor, seams)
        case .accept: ReadinessAccept(descriptor, seams)
        case .send: ReadinessSend(descriptor, seams)
        case .sendTo: ReadinessSendTo(descriptor, seams)
        case .receiveDescriptors: ReadinessReceiveDescriptors(descriptor, seams)
        case .sendDescriptors: ReadinessSendDescriptors(descriptor, seams)
        case .connect: ReadinessConnect(descriptor, seams)
        }
    }
}
