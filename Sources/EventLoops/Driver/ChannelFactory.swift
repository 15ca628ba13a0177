package import Kernel

/// Makes the channels of a loop: objects that own or watch a descriptor and notify their owner of its events.
///
/// Loop thread only.
package protocol ChannelFactory: AnyObject {
    /// Makes a channel for a connected stream socket, which the channel owns once it has itself been given an owner.
    ///
    /// - Parameter remains: What a former channel of the connection has left; it is delivered first.
    func makeStreamChannel(_ descriptor: Int32, after remains: StreamRemains?) -> any StreamChannel
    /// Makes a channel for a connected Unix stream socket that also moves the descriptors of a queue.
    func makeStreamChannel(_ descriptor: Int32, passing descriptors: DescriptorQueue) -> any StreamChannel
    /// Makes a channel for a listening socket, which the channel then owns.
    func makeListenerChannel(_ descriptor: Int32, owner: any ListenerOwner) -> any ListenerChannel
    /// Makes a channel that watches a descriptor, which the caller still owns.
    func makeWatchChannel(_ descriptor: Int32, owner: any WatchOwner) -> any WatchChannel
    /// Makes a channel for a datagram socket, which the channel owns once it has itself been given an owner.
    ///
    /// - Parameter family: The family of the socket's addresses; it determines the ``DatagramSpace``.
    func makeDatagramChannel(_ descriptor: Int32, family: AddressFamily) -> any DatagramChannel
    /// Makes a hook, which references its owner weakly.
    func makeWaitHook(owner: any WaitHookOwner) -> any WaitHook
}

extension ChannelFactory {
    /// Makes a channel for a socket that had none before.
    package func makeStreamChannel(_ descriptor: Int32) -> any StreamChannel {
        makeStreamChannel(descriptor, after: nil)
    }
}
