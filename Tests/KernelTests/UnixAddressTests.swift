import Glibc
import Testing

@testable import Kernel

struct UnixAddressTests {
    @Test func path_isTheSameInEachForm() throws {
        let text = try SocketAddress(unixPath: "/run/zoë")
        #expect(text == (try SocketAddress(unixPath: Array("/run/zoë".utf8))))
        #expect(text == (try SocketAddress(unixPathCString: "/run/zoë")))
        #expect(text.unixPathBytes == Array("/run/zoë".utf8))
        #expect(text.socketFilePath == text.unixPathBytes)
    }

    @Test func bytesThatAreNoText_areKept() throws {
        let address = try SocketAddress(unixPath: [0x2F, 0xFF])
        #expect(address.unixPathBytes == [0x2F, 0xFF])
        #expect(address.unixPath == "/\u{FFFD}")
        #expect(address.withSockAddr { SocketAddress($0, length: $1) } == address)
    }

    @Test func abstractName_hasItsExactLength() throws {
        let name: [UInt8] = [1, 0, 2, 0]
        let address = try SocketAddress(abstractName: name)
        #expect(address.unixPathBytes == [0] + name)
        #expect(address.socketFilePath == nil)
        #expect(address.withSockAddr { _, length in Int(length) } == 2 + 5)
        #expect(address.withSockAddr { SocketAddress($0, length: $1) } == address)
        #expect(address != (try SocketAddress(abstractName: [1, 0, 2])))
        #expect(address != (try SocketAddress(abstractName: [1, 0, 2, 0, 0])))
        #expect(try SocketAddress(abstractName: "a") == SocketAddress(unixPath: "\0a"))
        #expect(try SocketAddress(abstractName: "a\0b").description == "unix:@a@b")
    }

    @Test func lengths_areLimited() throws {
        let longest = [UInt8](repeating: 120, count: 107)
        #expect(try SocketAddress(unixPath: longest).unixPathBytes == longest)
        #expect(try SocketAddress(abstractName: longest).unixPathBytes == [0] + longest)
        #expect(throws: Errno.nameTooLong) { try SocketAddress(unixPath: longest + [1]) }
        #expect(throws: Errno.nameTooLong) { try SocketAddress(abstractName: longest + [1]) }
        #expect(throws: Errno.nameTooLong) { try SocketAddress(unixPathCString: String(repeating: "x", count: 108)) }
        #expect(throws: Errno.invalidArgument) { try SocketAddress(unixPath: [47, 0, 97]) }
    }

    @Test func unnamed_isChosenByTheKernel() throws {
        #expect(try SocketAddress.unnamedUnix == SocketAddress(unixPath: ""))
        #expect(SocketAddress.unnamedUnix.unixPathBytes == [])
        #expect(SocketAddress.unnamedUnix.socketFilePath == nil)
        let socket = try Socket.unix()
        try socket.bind(to: .unnamedUnix)
        #expect(try socket.localAddress.unixPathBytes?.count == 6)
    }

    @Test func otherFamilies_haveNoPath() throws {
        #expect(try SocketAddress.anyIPv4(port: 1).unixPathBytes == nil)
        #expect(try SocketAddress.anyIPv4(port: 1).socketFilePath == nil)
    }
}
