import Glibc

/// Names to addresses and back, by the system's resolver.
///
/// It blocks, for seconds at times: never on a loop's thread.
package enum AddressLookup {
    /// The addresses of a host and service, in the order in which to try them.
    ///
    /// Source: `getaddrinfo(3)`.
    ///
    /// - Parameters:
    ///   - host: Name or numeric address; nil for loopback, or with `AI_PASSIVE` for every address of this machine.
    ///   - service: Name or port; nil for port 0.
    ///   - family: Which addresses.
    ///   - type: Which sockets, `SOCK_…`; 0 for an answer per kind.
    ///   - protocol: Which protocol; 0 for any.
    ///   - flags: `AI_…`.
    package static func addresses(
        host: String?, service: String?, family: AddressFamily, type: Int32, protocol: Int32, flags: Int32
    ) throws(LookupError) -> [AddressInfo] {
        // C would look up what stands before the NUL.
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

    /// The names of an address, numbers where there are none.
    ///
    /// Source: `getnameinfo(3)`.
    ///
    /// - Parameters:
    ///   - address: An IP address and port.
    ///   - flags: `NI_…`; with `NI_NAMEREQD` an address without a name is an error.
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
