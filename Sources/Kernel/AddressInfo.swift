/// A result of a host lookup: an address and the kind of socket to use with it.
public struct AddressInfo: Hashable, Sendable {
    /// The address with its port.
    public let address: SocketAddress
    /// The kind of socket, for instance `SOCK_STREAM`.
    public let socketType: Int32
    /// The protocol, for instance `IPPROTO_TCP`.
    public let protocolNumber: Int32
    /// The host's canonical name; in the first result only, and only if `AI_CANONNAME` was passed.
    public let canonicalName: String?

    /// Makes a result, for use by a custom resolver.
    ///
    /// - Parameters:
    ///   - address: The address with its port.
    ///   - socketType: The kind of socket.
    ///   - protocolNumber: The protocol; 0 for the default one.
    ///   - canonicalName: The host's canonical name.
    public init(address: SocketAddress, socketType: Int32, protocolNumber: Int32 = 0, canonicalName: String? = nil) {
        self.address = address
        self.socketType = socketType
        self.protocolNumber = protocolNumber
        self.canonicalName = canonicalName
    }

    /// The family of the address.
    public var family: AddressFamily {
        address.family
    }
}
