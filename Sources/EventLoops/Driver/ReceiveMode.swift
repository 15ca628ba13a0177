/// How the owner of a stream channel takes the bytes that arrive.
///
/// Decided by the owner, and given to the channel with each ``StreamChannel/startReading(_:)``, so that the channel
/// need not ask for every message.
package enum ReceiveMode {
    /// The channel lends its own memory for the length of a call: ``StreamChannelOwner/received(_:)``.
    case lending
    /// The channel receives into memory that the owner supplies: ``StreamChannelOwner/receiveBuffer()``.
    case supplied
}
