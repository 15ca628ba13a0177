import Glibc

/// Resolves names to addresses and addresses to names with the system's resolver.
///
/// Lookups block, possibly for seconds: do not make them on a loop's thread.
package enum AddressLookup {
    /// The addresses of a host and service, in order of preference.
    ///
    /// Source: `getaddrinfo(3)`.
    ///
    /// - Parameters:
    ///   - host: Name or numeric address; nil for loopback, or with `AI_PASSIVE` for all addresses of this machine.
    ///   - service: Name or port; nil for port 0.
    ///   - family: The family of addresses; `.unspecified` for any.
    ///   - type: The socket type, `SOCK_…`; 0 for one result per type.
    ///   - protocol: The protocol; 0 for any.
    ///   - flags: `AI_…`.
    package static func addresses(
        host: String?, service: String?, family: AddressFamily, type: Int32, protocol: Int32, flags: Int32
    ) throws(LookupError) -> [AddressInfo] {
        // C would look up only the part before the NUL.
        if (host ?? "").utf8.contains(0) || (service ?? "").utf8.contains(0) {
            throw LookupError(code: EAI_NONAME, host: host, service: service)
        }
        var hints = addrinfo()
        hints.ai_flags = flags
        hints.ai_family = family.rawValue
        hints.ai_socktype = type
        hints.ai_protocol = `protocol`
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host, service, &hints, &list)
        if code != 0 { throw failure(code, host: host, service: service) }
        defer { freeaddrinfo(list) }
        return sequence(first: list) { $0?.pointee.ai_next }.compactMap { $0.flatMap { info(of: $0.pointee) } }
    }

    /// The host and service names of an address, or the numeric forms if there are no names.
    ///
    /// Source: `getnameinfo(3)`.
    ///
    /// - Parameters:
    ///   - address: An IP address and port.
    ///   - flags: `NI_…`; with `NI_NAMEREQD`, an address without a name is an error.
    package static func names(
        of address: SocketAddress, flags: Int32
    ) throws(LookupError) -> (host: String, service: String) {
        var host = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        var service = [CChar](repeating: 0, count: Int(NI_MAXSERV))
        let code = address.withSockAddr { pointer, length in
            getnameinfo(
                pointer, length, &host, socklen_t(host.count), &service, socklen_t(service.count), flags)
        }
        if code != 0 { throw failure(code, host: address.host, service: address.port.map { String($0) }) }
        return (text(host), text(service))
    }

    private static func info(of entry: addrinfo) -> AddressInfo? {
        guard let pointer = entry.ai_addr, let address = SocketAddress(pointer, length: entry.ai_addrlen) else {
            return nil
        }
        return AddressInfo(
            address: address, socketType: entry.ai_socktype, protocolNumber: entry.ai_protocol,
            canonicalName: entry.ai_canonname.map { String(cString: $0) })
    }

    private static func failure(_ code: Int32, host: String?, service: String?) -> LookupError {
        LookupError(
            code: code, errno: code == EAI_SYSTEM ? SystemCall.lastFailure : nil, host: host, service: service)
    }

    private static func text(_ characters: [CChar]) -> String {
        String(decoding: characters.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
