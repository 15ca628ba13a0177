import Glibc
import Testing

@testable import Kernel

struct SocketAddressTests {
    @Test func ipv4_isParsedAndFormatted() throws {
        let address = try SocketAddress(ipAddress: "127.0.0.1", port: 80)
        #expect(address.family == .ipv4)
        #expect(address.host == "127.0.0.1")
        #expect(address.port == 80)
        #expect(address.unixPath == nil)
        #expect(address.description == "127.0.0.1:80")
    }

    @Test(arguments: ["::1", "::", "2001:db8::7", "::ffff:10.1.2.3", "fe80::1%4711"])
    func ipv6_isParsedAndFormatted(text: String) throws {
        let address = try SocketAddress(ipAddress: text, port: 65535)
        #expect(address.family == .ipv6)
        #expect(address.host == text)
        #expect(address.port == 65535)
        #expect(address.description == "[\(text)]:65535")
        #expect(try SocketAddress(ipAddress: #require(address.host), port: 65535) == address)
    }

    @Test func scope_mayBeAnInterfaceName() throws {
        let address = try SocketAddress(ipAddress: "fe80::1%lo", port: 0)
        #expect(address.scopeID == if_nametoindex("lo"))
        #expect(address != (try SocketAddress(ipAddress: "fe80::1", port: 0)))
    }

    @Test func linkLocalAddress_lacksItsScope_unlessGiven() throws {
        for text in ["fe80::1", "fe80::", "febf:ffff::1"] {
            #expect(try SocketAddress(ipAddress: text, port: 1).lacksScope, "\(text)")
            #expect(try !SocketAddress(ipAddress: "\(text)%lo", port: 1).lacksScope, "\(text)")
        }
        for text in ["::1", "fec0::1", "fe7f::1", "fd00::1", "2001:db8::1", "169.254.1.1"] {
            #expect(try !SocketAddress(ipAddress: text, port: 1).lacksScope, "\(text)")
        }
    }

    @Test(arguments: [
        "", "localhost", "127.1", "1.2.3.4.5", "256.0.0.1", "127.0.0.1 ", "127.0.0.1%lo", "[::1]", "::1%", "::1%0",
        "::1%nowhere", "%lo", ":::", "127.0.0.1\0.example",
    ])
    func malformedAddress_isInvalid(text: String) {
        #expect(throws: Errno.invalidArgument) { try SocketAddress(ipAddress: text, port: 1) }
    }

    /// Regression test: the unspecified addresses trapped here.
    @Test(arguments: [-1, 65536, 99_999, Int.max, Int.min])
    func portOutOfRange_isReportedApartFromAMalformedAddress(port: Int) {
        #expect(throws: Errno.outOfRange) { try SocketAddress(ipAddress: "127.0.0.1", port: port) }
        #expect(throws: Errno.outOfRange) { try SocketAddress.anyIPv4(port: port) }
        #expect(throws: Errno.outOfRange) { try SocketAddress.anyIPv6(port: port) }
    }

    @Test func any_isTheWildcardAddress() throws {
        #expect(try SocketAddress.anyIPv4(port: 7).description == "0.0.0.0:7")
        #expect(try SocketAddress.anyIPv6(port: 7).description == "[::]:7")
        #expect(try SocketAddress.anyIPv6(port: 65535).port == 65535)
    }

    @Test(arguments: [("/run/x", "unix:/run/x"), ("\0name", "unix:@name"), ("", "unix:"), ("zoë", "unix:zoë")])
    func unixName_isParsedAndFormatted(path: String, description: String) throws {
        let address = try SocketAddress(unixPath: path)
        #expect(address.family == .unix)
        #expect(address.unixPath == path)
        #expect(address.host == nil)
        #expect(address.port == nil)
        #expect(address.description == description)
    }

    @Test func unixName_isLimitedInLength() throws {
        let longest = String(repeating: "x", count: 107)
        _ = try SocketAddress(unixPath: longest)
        _ = try SocketAddress(unixPath: "\0" + longest)
        #expect(throws: Errno.nameTooLong) { try SocketAddress(unixPath: longest + "x") }
        #expect(throws: Errno.nameTooLong) { try SocketAddress(unixPath: "\0x" + longest) }
        #expect(throws: Errno.invalidArgument) { try SocketAddress(unixPath: "/a\0b") }
    }

    @Test func equality_comparesAllParts() throws {
        let address = try SocketAddress(ipAddress: "::1", port: 1)
        #expect(address == (try SocketAddress(ipAddress: "0:0::1", port: 1)))
        #expect(address.hashValue == (try SocketAddress(ipAddress: "0:0::1", port: 1)).hashValue)
        #expect(address != (try SocketAddress(ipAddress: "::1", port: 2)))
        #expect(address != (try SocketAddress(ipAddress: "::2", port: 1)))
        #expect(try SocketAddress.anyIPv4(port: 1) != SocketAddress.anyIPv6(port: 1))
    }
}
