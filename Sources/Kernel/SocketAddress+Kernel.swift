package import Glibc

extension SocketAddress {
    /// Calls `body` with the kernel's form of the address; the pointer is valid only during the call.
    package func withSockAddr<R, E: Error>(
        _ body: (UnsafePointer<sockaddr>, socklen_t) throws(E) -> R
    ) throws(E) -> R {
        switch form {
        case .ipv4(let endpoint): try Self.lend(endpoint.kernelForm, to: body)
        case .ipv6(let endpoint): try Self.lend(endpoint.kernelForm, to: body)
        case .unix(let name): try Self.lend(name.kernelForm.form, length: name.kernelForm.length, to: body)
        case .other(_, let bytes): try Self.lend(Self.storage(of: bytes), length: socklen_t(bytes.count), to: body)
        }
    }

    /// Reads an address that the kernel wrote; nil if it is too short.
    package init?(_ pointer: UnsafePointer<sockaddr>, length: socklen_t) {
        guard Int(length) >= MemoryLayout<sa_family_t>.size else { return nil }
        let written = UnsafeRawBufferPointer(start: pointer, count: Int(length))
        switch Int32(pointer.pointee.sa_family) {
        case AF_INET:
            guard let form = Self.copy(written, as: sockaddr_in()) else { return nil }
            self.init(.ipv4(IPv4Endpoint(form)))
        case AF_INET6:
            guard let form = Self.copy(written, as: sockaddr_in6()) else { return nil }
            self.init(.ipv6(IPv6Endpoint(form)))
        case AF_UNIX:
            self.init(.unix(UnixName(Self.fill(sockaddr_un(), from: written), length: written.count)))
        case let family:
            let kept = written.prefix(MemoryLayout<sockaddr_storage>.size)
            self.init(.other(AddressFamily(rawValue: family), Array(kept)))
        }
    }

    /// Makes a call such as `getpeername(2)` and returns the address that it writes.
    ///
    /// Throws the call's error; retries if interrupted.
    package static func filled(
        by call: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int32
    ) throws(Errno) -> SocketAddress {
        try result(of: call).address
    }

    /// Makes a call such as `accept(2)` and returns its result and the address that it writes.
    static func result(
        _ name: SystemCallName = .other,
        of call: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int32
    ) throws(Errno) -> (value: Int32, address: SocketAddress) {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return try withUnsafeMutablePointer(to: &storage) { storage throws(Errno) in
            try storage.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer throws(Errno) in
                let value = try SystemCall.value(name) {
                    length = socklen_t(MemoryLayout<sockaddr_storage>.size)
                    return call(pointer, &length)
                }
                return (value, SocketAddress(pointer, length: length) ?? nameless)
            }
        }
    }

    /// Represents an address of zero bytes, which some families return.
    package static var nameless: SocketAddress { SocketAddress(.other(.unspecified, [0, 0])) }

    private static func lend<Form, R, E: Error>(
        _ form: Form, length: socklen_t = socklen_t(MemoryLayout<Form>.size),
        to body: (UnsafePointer<sockaddr>, socklen_t) throws(E) -> R
    ) throws(E) -> R {
        try withUnsafePointer(to: form) { pointer throws(E) in
            try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer throws(E) in
                try body(pointer, length)
            }
        }
    }

    private static func copy<Form>(_ written: UnsafeRawBufferPointer, as empty: Form) -> Form? {
        written.count < MemoryLayout<Form>.size ? nil : fill(empty, from: written)
    }

    private static func fill<Form>(_ empty: Form, from written: UnsafeRawBufferPointer) -> Form {
        var form = empty
        withUnsafeMutableBytes(of: &form) { $0.copyBytes(from: written.prefix($0.count)) }
        return form
    }

    private static func storage(of bytes: [UInt8]) -> sockaddr_storage {
        bytes.withUnsafeBytes { fill(sockaddr_storage(), from: $0) }
    }
}
