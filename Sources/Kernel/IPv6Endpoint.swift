import Glibc

/// An IPv6 address and a port, with the flow information and, for a link-local address, the interface.
struct IPv6Endpoint: Hashable, Sendable {
    /// Sixteen bytes in network byte order, as in `in6_addr`, read as two numbers.
    var address: (high: UInt64, low: UInt64)
    var port: UInt16
    /// The traffic class and the flow label, in network byte order as in `sockaddr_in6`.
    var flowInfo: UInt32 = 0
    var scopeID: UInt32 = 0

    init(address: (high: UInt64, low: UInt64), port: UInt16) {
        self.address = address
        self.port = port
    }

    /// Parses an address such as "::1" or "fe80::1%eth0"; nil for anything else, including brackets.
    ///
    /// Source: `inet_pton(3)`.
    init?(text: String, port: UInt16) {
        let parts = text.split(separator: "%", maxSplits: 1, omittingEmptySubsequences: false)
        var parsed = in6_addr()
        guard inet_pton(AF_INET6, String(parts[0]), &parsed) == 1 else { return nil }
        self.init(address: Self.numbers(of: parsed), port: port)
        guard parts.count == 2 else { return }
        guard let scope = Self.scope(String(parts[1])) else { return nil }
        scopeID = scope
    }

    init(_ kernel: sockaddr_in6) {
        self.init(address: Self.numbers(of: kernel.sin6_addr), port: UInt16(bigEndian: kernel.sin6_port))
        flowInfo = kernel.sin6_flowinfo
        scopeID = kernel.sin6_scope_id
    }

    var kernelForm: sockaddr_in6 {
        var form = sockaddr_in6()
        form.sin6_family = sa_family_t(AF_INET6)
        form.sin6_port = port.bigEndian
        form.sin6_flowinfo = flowInfo
        form.sin6_addr = kernelAddress
        form.sin6_scope_id = scopeID
        return form
    }

    /// The address as text, with the scope as a number: interfaces can be renamed, and a number needs no system call.
    var host: String {
        var source = kernelAddress
        let address = withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(INET6_ADDRSTRLEN)) { text in
            inet_ntop(AF_INET6, &source, text.baseAddress, socklen_t(text.count)).map { String(cString: $0) } ?? ""
        }
        return scopeID == 0 ? address : "\(address)%\(scopeID)"
    }

    /// Whether the address is link-local, that is, valid on one interface only, but does not name the interface.
    var lacksScope: Bool {
        scopeID == 0 && UInt64(bigEndian: address.high) >> 54 == 0xFE80 >> 6
    }

    private var kernelAddress: in6_addr {
        var result = in6_addr()
        withUnsafeMutableBytes(of: &result) { bytes in
            bytes.storeBytes(of: address.high, as: UInt64.self)
            bytes.storeBytes(of: address.low, toByteOffset: 8, as: UInt64.self)
        }
        return result
    }

    private static func numbers(of address: in6_addr) -> (high: UInt64, low: UInt64) {
        withUnsafeBytes(of: address) { bytes in
            (bytes.loadUnaligned(as: UInt64.self), bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        }
    }

    /// The number of an interface, given its name or number.
    private static func scope(_ text: String) -> UInt32? {
        let index = if_nametoindex(text)
        return index != 0 ? index : UInt32(text).flatMap { $0 == 0 ? nil : $0 }
    }

    static func == (a: IPv6Endpoint, b: IPv6Endpoint) -> Bool {
        a.address == b.address && a.port == b.port && a.flowInfo == b.flowInfo && a.scopeID == b.scopeID
    }

    func hash(into hasher: inout Hasher) {
        hasher.combine(address.high)
        hasher.combine(address.low)
        hasher.combine(port)
        hasher.combine(flowInfo)
        hasher.combine(scopeID)
    }
}
