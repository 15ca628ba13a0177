/// Makes the channels of a loop: objects that own or watch a descriptor and call their owner about it.
///
/// Loop thread only.
package protocol ChannelFactory: AnyObject {
    /// A channel for a connected stream socket, which the channel owns once it is handed over to an owner.
    func makeStreamChannel(_ descriptor: Int32) -> any StreamChannel
    /// A channel for a listening socket, which the channel owns from here on.
    func makeListenerChannel(_ descriptor: Int32, owner: any ListenerOwner) -> any ListenerChannel
    /// A channel that watches a descriptor of the owner's.
    func makeWatchChannel(_ descriptor: Int32, owner: any WatchOwner) -> any WatchChannel
}
