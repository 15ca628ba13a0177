import Glibc

/// An IPv4 address and a port.
struct IPv4Endpoint: Hashable, Sendable {
    /// Four bytes in network byte order, as in `in_addr`.
    var address: UInt32
    var port: UInt16

    init(address: UInt32, port: UInt16) {
        self.address = address
        self.port = port
    }

    /// Parses an address such as "127.0.0.1"; nil for anything else, including abbreviations such as "127.1".
    ///
    /// Source: `inet_pton(3)`.
    init?(text: String, port: UInt16) {
        var parsed = in_addr()
        guard inet_pton(AF_INET, text, &parsed) == 1 else { return nil }
        self.init(address: parsed.s_addr, port: port)
    }

    init(_ kernel: sockaddr_in) {
        self.init(address: kernel.sin_addr.s_addr, port: UInt16(bigEndian: kernel.sin_port))
    }

    var kernelForm: sockaddr_in {
        var form = sockaddr_in()
        form.sin_family = sa_family_t(AF_INET)
        form.sin_port = port.bigEndian
        form.sin_addr.s_addr = address
        return form
    }

    var host: String {
        withUnsafeBytes(of: address) { bytes in bytes.map { String($0) }.joined(separator: ".") }
    }
}
