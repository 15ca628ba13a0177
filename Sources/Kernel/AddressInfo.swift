/// One answer to the question where a host is: an address, and what kind of socket goes with it.
public struct AddressInfo: Hashable, Sendable {
    /// The address with its port.
    public let address: SocketAddress
    /// The kind of socket, for instance `SOCK_STREAM`.
    public let socketType: Int32
    /// The protocol, for instance `IPPROTO_TCP`.
    public let protocolNumber: Int32
    /// The host's full name; only in the first answer, and only if it was asked for with `AI_CANONNAME`.
    public let canonicalName: String?

    /// Makes an answer, as for a resolver of your own.
    ///
    /// - Parameters:
    ///   - address: The address with its port.
    ///   - socketType: The kind of socket.
    ///   - protocolNumber: The protocol; 0 for the usual one.
    ///   - canonicalName: The host's full name.
    public init(address: SocketAddress, socketType: Int32, protocolNumber: Int32 = 0, canonicalName: String? = nil) {
        self.address = address
        self.socketType = socketType
        self.protocolNumber = protocolNumber
        self.canonicalName = canonicalName
    }

    /// The address's family.
    public var family: AddressFamily {
        address.family
    }
}
