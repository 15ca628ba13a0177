import Glibc
import Testing

@testable import Kernel

/// Conversion between `SocketAddress` and the kernel's `sockaddr`.
struct SocketAddressKernelTests {
    @Test(arguments: [
        ("127.0.0.1", 80, MemoryLayout<sockaddr_in>.size), ("::1", 443, MemoryLayout<sockaddr_in6>.size),
        ("fe80::1%7", 1, MemoryLayout<sockaddr_in6>.size),
    ])
    func ipAddress_survivesTheRoundTrip(host: String, port: Int, size: Int) throws {
        let address = try SocketAddress(ipAddress: host, port: port)
        address.withSockAddr { pointer, length in
            #expect(Int(length) == size)
            #expect(SocketAddress(pointer, length: length) == address)
            #expect(SocketAddress(pointer, length: length - 1) == nil)
        }
    }

    @Test(arguments: [("/run/x", 2 + 7), ("\0name", 2 + 5), ("", 2), (String(repeating: "x", count: 107), 110)])
    func unixName_survivesTheRoundTrip(path: String, size: Int) throws {
        let address = try SocketAddress(unixPath: path)
        address.withSockAddr { pointer, length in
            #expect(Int(length) == size)
            #expect(SocketAddress(pointer, length: length) == address)
        }
    }

    @Test func pathWithoutNul_isReadToItsLength() throws {
        var form = sockaddr_un()
        form.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &form.sun_path) { $0.copyBytes(from: [UInt8](repeating: 120, count: 108)) }
        let address = try #require(read(form, length: 110))
        #expect(address.unixPath == String(repeating: "x", count: 108))
        #expect(address.withSockAddr { _, length in length } == 110)
    }

    @Test func flowAndScope_surviveTheRoundTrip() throws {
        var form = sockaddr_in6()
        form.sin6_family = sa_family_t(AF_INET6)
        form.sin6_flowinfo = UInt32(0x000a_bcde).bigEndian
        form.sin6_scope_id = 3
        let address = try #require(read(form, length: 28))
        #expect(address.flowInfo == 0xabcde)
        #expect(address.scopeID == 3)
        address.withSockAddr { pointer, length in
            #expect(SocketAddress(pointer, length: length) == address)
        }
    }

    @Test func unknownFamily_isPreserved() throws {
        var form = sockaddr_in()
        form.sin_family = 40
        form.sin_port = 0x1234
        let address = try #require(read(form, length: 16))
        #expect(address.family == AddressFamily(rawValue: 40))
        #expect(address.description == "family 40, 16 bytes")
        #expect(address.host == nil)
        let port = address.withSockAddr { pointer, length in
            UnsafeRawPointer(pointer).loadUnaligned(fromByteOffset: 2, as: UInt16.self)
        }
        #expect(port == 0x1234)
    }

    @Test func truncatedAddress_isRejected() {
        #expect(read(sockaddr_in(), length: 0) == nil)
        #expect(read(sockaddr_in(), length: 1) == nil)
    }

    @Test func filling_throwsTheErrorOfTheCall() {
        #expect(throws: Errno.badFileDescriptor) { try SocketAddress.filled { getsockname(-1, $0, $1) } }
    }

    @Test func errorOfTheBody_isRethrown() throws {
        let address = try SocketAddress.anyIPv4(port: 0)
        #expect(throws: Errno.timedOut) {
            try address.withSockAddr { _, _ throws(Errno) in throw Errno.timedOut }
        }
    }

    private func read<Form>(_ form: Form, length: socklen_t) -> SocketAddress? {
        withUnsafeBytes(of: form) { bytes in
            bytes.withMemoryRebound(to: sockaddr.self) { forms in
                forms.baseAddress.flatMap { SocketAddress($0, length: length) }
            }
        }
    }
}
