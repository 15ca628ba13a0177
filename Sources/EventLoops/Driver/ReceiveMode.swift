/// How the owner of a stream channel takes received bytes.
///
/// The owner passes it to the channel with each ``StreamChannel/startReading(_:)``, so that the channel need not ask
/// for each message.
package enum ReceiveMode {
    /// The channel lends its own memory for the duration of a call: ``StreamChannelOwner/received(_:)``.
    case lending
    /// The channel receives into memory that the owner supplies: ``StreamChannelOwner/receiveBuffer()``.
    case supplied
}
