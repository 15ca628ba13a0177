/// Makes the channels of a loop: objects that own or watch a descriptor and notify their owner of its events.
///
/// Loop thread only.
package protocol ChannelFactory: AnyObject {
    /// Makes a channel for a connected stream socket, which the channel owns once it has itself been given an owner.
    func makeStreamChannel(_ descriptor: Int32) -> any StreamChannel
    /// Makes a channel for a listening socket, which the channel then owns.
    func makeListenerChannel(_ descriptor: Int32, owner: any ListenerOwner) -> any ListenerChannel
    /// Makes a channel that watches a descriptor, which the caller still owns.
    func makeWatchChannel(_ descriptor: Int32, owner: any WatchOwner) -> any WatchChannel
}
