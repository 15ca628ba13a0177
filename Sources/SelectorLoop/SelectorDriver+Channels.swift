package import EventLoops
package import Kernel

extension SelectorDriver: ChannelFactory {
    package func makeStreamChannel(_ descriptor: Int32, after remains: StreamRemains?) -> any StreamChannel {
        watches.claim(descriptor)
        return SelectorStreamChannel(descriptor, port: port, after: remains)
    }

    package func makeStreamChannel(
        _ descriptor: Int32, passing descriptors: DescriptorQueue
    ) -> any StreamChannel {
        watches.claim(descriptor)
        return ReadinessStreamChannel(
            descriptor, passing: descriptors, channels: self, queue: port.queue, sockets: KernelSockets.shared)
    }

    package func makeListenerChannel(_ descriptor: Int32, owner: any ListenerOwner) -> any ListenerChannel {
        watches.claim(descriptor)
        return SelectorListenerChannel(descriptor, port: port, owner: owner)
    }

    package func makeWatchChannel(_ descriptor: Int32, owner: any WatchOwner) -> any WatchChannel {
        SelectorWatchChannel(descriptor, port: port, owner: owner)
    }

    package func makeDatagramChannel(_ descriptor: Int32, family: AddressFamily) -> any DatagramChannel {
        watches.claim(descriptor)
        return ReadinessDatagramChannel(
            descriptor, family: family, channels: self, queue: port.queue, memory: port.datagramMemory)
    }

    package func makeWaitHook(owner: any WaitHookOwner) -> any WaitHook {
        SelectorWaitHook(port: port, owner: owner)
    }
}
