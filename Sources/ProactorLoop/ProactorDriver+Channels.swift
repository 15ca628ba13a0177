package import EventLoops
package import Kernel

extension ProactorDriver: ChannelFactory {
    package func makeStreamChannel(_ descriptor: Int32, after remains: StreamRemains?) -> any StreamChannel {
        ProactorStreamChannel(descriptor, port: port, after: remains)
    }

    package func makeStreamChannel(
        _ descriptor: Int32, passing descriptors: DescriptorQueue
    ) -> any StreamChannel {
        ReadinessStreamChannel(
            descriptor, passing: descriptors, channels: self, queue: port.queue, sockets: KernelSockets.shared)
    }

    package func makeListenerChannel(_ descriptor: Int32, owner: any ListenerOwner) -> any ListenerChannel {
        ProactorListenerChannel(descriptor, port: port, owner: owner)
    }

    package func makeWatchChannel(_ descriptor: Int32, owner: any WatchOwner) -> any WatchChannel {
        ProactorWatchChannel(descriptor, port: port, owner: owner)
    }

    package func makeDatagramChannel(_ descriptor: Int32, family: AddressFamily) -> any DatagramChannel {
        // Memory for the group of buffers may be short; then datagrams are received as on a selector.
        if port.has(ProactorDatagramChannel.support.kind), let pool = try? port.datagrams.pool(for: family) {
            return ProactorDatagramChannel(descriptor, family: family, port: port, pool: pool)
        }
        return ReadinessDatagramChannel(
            descriptor, family: family, channels: self, queue: port.queue, memory: port.datagramMemory)
    }

    package func makeWaitHook(owner: any WaitHookOwner) -> any WaitHook {
        ProactorWaitHook(port: port, owner: owner)
    }
}
