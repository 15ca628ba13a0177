/// How the owner of a stream channel takes received bytes.
///
/// The owner passes the mode to the channel in each ``StreamChannel/startReading(_:)``, so that the channel need not
/// ask for it at each receive.
package enum ReceiveMode {
    /// The channel lends its own memory for the duration of a call: ``StreamChannelOwner/received(_:)``.
    case lending
    /// The channel receives into memory that the owner supplies: ``StreamChannelOwner/receiveBuffer()``.
    case supplied
}
