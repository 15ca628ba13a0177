import Glibc

/// The listening sockets of other processes on this machine.
package enum ForeignListeners {
    /// Whether another process listens at an address, or at all addresses of its family, with the same port.
    ///
    /// A socket that this process has inherited or passed on counts as its own. False if the kernel's tables cannot be
    /// read. Listening sockets come first in the kernel's table, so the time does not depend on the number of
    /// connections.
    ///
    /// Kernel: `/proc/net/tcp`, `/proc/net/tcp6`.
    package static func exist(at address: SocketAddress) -> Bool {
        guard let wanted = ListenerTable.Address(address) else { return false }
        let path = address.family == .ipv6 ? "/proc/self/net/tcp6" : "/proc/self/net/tcp"
        let inodes = ListenerTable.inodes(path, overlapping: wanted)
        return !inodes.isEmpty && !inodes.subtracting(ownSockets()).isEmpty
    }

    /// The inodes of this process's sockets.
    private static func ownSockets() -> Set<String> {
        guard let directory = opendir("/proc/self/fd") else { return [] }
        defer { closedir(directory) }
        var inodes: Set<String> = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            let target = withUnsafeTemporaryAllocation(byteCount: 64, alignment: 1) { buffer in
                let length = readlink("/proc/self/fd/\(name)", buffer.baseAddress!, buffer.count)
                return String(decoding: buffer.prefix(max(0, length)), as: UTF8.self)
            }
            // "socket:[4711]"
            if target.hasPrefix("socket:[") { inodes.insert(String(target.dropFirst(8).dropLast())) }
        }
        return inodes
    }
}

/// The kernel's table of TCP sockets, as text.
enum ListenerTable {
    /// An address in the table's notation: 32-bit words and the port in hexadecimal.
    struct Address: Equatable {
        var host: Substring
        var port: Substring

        /// Nil for other families than IPv4 and IPv6.
        init?(_ address: SocketAddress) {
            switch address.form {
            case .ipv4(let endpoint):
                host = Self.hexadecimal(endpoint.address)
                port = Self.hexadecimal(endpoint.port)
            case .ipv6(let endpoint):
                let words = withUnsafeBytes(of: endpoint.address) { Array($0.bindMemory(to: UInt32.self)) }
                host = Substring(words.map { Self.hexadecimal($0) }.joined())
                port = Self.hexadecimal(endpoint.port)
            case .unix, .other: return nil
            }
        }

        /// Parses "0100007F:1F90".
        init?(_ text: Substring) {
            let parts = text.split(separator: ":")
            guard parts.count == 2 else { return nil }
            (host, port) = (parts[0], parts[1])
        }

        func overlaps(_ other: Address) -> Bool {
            port == other.port && (host == other.host || isWildcard || other.isWildcard)
        }

        private var isWildcard: Bool {
            host.allSatisfy { $0 == "0" }
        }

        private static func hexadecimal<Number: FixedWidthInteger>(_ number: Number) -> Substring {
            let text = String(number, radix: 16, uppercase: true)
            return String(repeating: "0", count: Number.bitWidth / 4 - text.count) + text[...]
        }
    }

    /// The inodes of the listening sockets at an address.
    static func inodes(_ path: String, overlapping wanted: Address) -> Set<String> {
        guard let file = fopen(path, "re") else { return [] }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 256)
        var inodes: Set<String> = []
        // The first line is the heading.
        guard fgets(&line, Int32(line.count), file) != nil else { return [] }
        while fgets(&line, Int32(line.count), file) != nil {
            let fields = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
                .split(separator: " ")
            // The state "0A" is that of a listening socket.
            guard fields.count > 9, fields[3] == "0A" else { break }
            if let address = Address(fields[1]), address.overlaps(wanted) { inodes.insert(String(fields[9])) }
        }
        return inodes
    }
}
