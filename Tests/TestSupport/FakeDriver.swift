package import EventLoops
internal import Glibc
package import Kernel

/// A driver that waits with poll(2) on its wake-up descriptor alone, and has no channels except for listeners that
/// accept nothing.
package final class FakeDriver: @unchecked Sendable {
    private let event: EventDescriptor
    private let clock: LoopClock
    private let closing = Locked<[@Sendable () -> Void]>([])
    package private(set) var listenerChannels: [FakeListenerChannel] = []

    init(_ event: EventDescriptor, _ clock: LoopClock) {
        self.event = event
        self.clock = clock
    }

    /// Registers work for ``close()``: simulates an operation that ends when the loop closes.
    package func onClose(_ body: @escaping @Sendable () -> Void) {
        closing.update { $0.append(body) }
    }
}

extension FakeDriver: LoopDriver {
    package var wakeDescriptor: Int32 { event.fd }

    package func attach() throws(EventLoopError) {}

    package func prepare() {}

    package func poll(_ wait: LoopWait) throws(EventLoopError) {
        let timeout: Int64
        switch wait {
        case .none: timeout = 0
        case .forever: timeout = -1
        case .until(let end): timeout = max(0, (end - clock.now() + 999_999) / 1_000_000)
        }
        var descriptor = pollfd(fd: event.fd, events: Int16(POLLIN), revents: 0)
        if Glibc.poll(&descriptor, 1, Int32(clamping: timeout)) > 0 { try? event.drain() }
    }

    package func flush() {}

    package func wake() {
        event.signal()
    }

    package func close() throws(EventLoopError) {
        let bodies = closing.value
        // They refer to the loop.
        closing.update { $0.removeAll() }
        for body in bodies { body() }
        event.close()
    }
}

extension FakeDriver: ChannelFactory {
    package func makeStreamChannel(_ descriptor: Int32, after remains: StreamRemains?) -> any StreamChannel {
        preconditionFailure("a fake loop has no channels")
    }

    package func makeListenerChannel(_ descriptor: Int32, owner: any ListenerOwner) -> any ListenerChannel {
        let channel = FakeListenerChannel(descriptor, owner)
        listenerChannels.append(channel)
        return channel
    }

    package func makeStreamChannel(
        _ descriptor: Int32, passing descriptors: DescriptorQueue
    ) -> any StreamChannel {
        preconditionFailure("a fake loop passes no descriptors")
    }

    package func makeWatchChannel(_ descriptor: Int32, owner: any WatchOwner) -> any WatchChannel {
        preconditionFailure("a fake loop has no channels")
    }

    package func makeDatagramChannel(_ descriptor: Int32, family: AddressFamily) -> any DatagramChannel {
        preconditionFailure("a fake loop has no channels")
    }

    package func makeWaitHook(owner: any WaitHookOwner) -> any WaitHook {
        preconditionFailure("a fake loop has no channels")
    }
}

extension FakeDriver: DescriptorOperations {
    package func connect(_ descriptor: Int32, to address: SocketAddress) async throws {
        throw EventLoopError(.notSupported, "connect")
    }

    package func makeOperation(_ kind: SocketOperationKind, _ descriptor: Int32) -> any SocketOperation {
        preconditionFailure("a fake loop has no operations")
    }
}

extension FakeDriver: DriverReport {
    package var backend: LoopBackend { .poll }
    package var features: [String] { [] }
    package var operationSupport: [LoopCapabilities.Operation] { [] }
    package var figures: DriverFigures { DriverFigures() }

    package func forEachPending(at now: Int64, _ body: (PendingOperation) -> Void) {}
}
