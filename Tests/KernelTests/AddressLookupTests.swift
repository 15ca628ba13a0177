import Glibc
import Testing

@testable import Kernel

struct AddressLookupTests {
    private func find(
        _ host: String?, _ service: String?, family: AddressFamily = .unspecified, type: Int32 = Socket.stream,
        flags: Int32 = AI_NUMERICHOST | AI_NUMERICSERV
    ) throws(LookupError) -> [AddressInfo] {
        try AddressLookup.addresses(
            host: host, service: service, family: family, type: type, protocol: 0, flags: flags)
    }

    @Test func numericHost_isResolvedWithoutAServer() throws {
        let found = try find("127.0.0.1", "80")
        #expect(found.count == 1)
        #expect(found.first?.address.description == "127.0.0.1:80")
        #expect(found.first?.family == .ipv4)
        #expect(found.first?.socketType == Socket.stream)
        #expect(found.first?.protocolNumber == Int32(IPPROTO_TCP))
        #expect(found.first?.canonicalName == nil)
    }

    @Test func unspecifiedType_givesOneResultPerSocketType() throws {
        let found = try find("::1", nil, type: 0)
        #expect(Set(found.map(\.socketType)).count > 1)
        #expect(Set(found.map(\.address)) == [try SocketAddress(ipAddress: "::1", port: 0)])
    }

    @Test func missingHost_isLoopback_orTheWildcardIfPassive() throws {
        #expect(try find(nil, "7", family: .ipv4).map(\.address.description) == ["127.0.0.1:7"])
        let passive = try find(nil, "7", family: .ipv4, flags: AI_PASSIVE | AI_NUMERICSERV)
        #expect(passive.map(\.address) == [try .anyIPv4(port: 7)])
    }

    @Test func canonicalName_isReturned_ifRequested() throws {
        let found = try find("127.0.0.1", "1", flags: AI_CANONNAME | AI_NUMERICHOST | AI_NUMERICSERV)
        #expect(found.first?.canonicalName == "127.0.0.1")
    }

    @Test func localhost_isResolved() throws {
        let found = try find("localhost", "80", flags: AI_NUMERICSERV)
        #expect(!found.isEmpty)
        #expect(found.allSatisfy { $0.address.port == 80 })
    }

    @Test func lookupError_namesHostAndService() throws {
        let error = try #require(throws: LookupError.self) { try find("no.number", "80") }
        #expect(error.code == EAI_NONAME)
        #expect(error.name == "EAI_NONAME")
        #expect(error.message == "Name or service not known")
        #expect(error.errno == nil)
        #expect(error.description == "EAI_NONAME (Name or service not known): no.number, service 80")
    }

    @Test func lookupErrors_haveTheCodesOfTheResolver() {
        #expect(code { try find("::1", "80", family: .ipv4) } == "EAI_ADDRFAMILY")
        #expect(code { try find("::1", "80", family: AddressFamily(rawValue: 99)) } == "EAI_FAMILY")
        #expect(code { try find("::1", "80", type: 99) } == "EAI_SOCKTYPE")
        #expect(code { try find("::1", "80", flags: -1) } == "EAI_BADFLAGS")
        #expect(code { try find(nil, nil) } == "EAI_NONAME")
        #expect(code { try find("127.0.0.1\0.example", "80") } == "EAI_NONAME")
        #expect(LookupError(code: 4711, host: nil, service: nil).name == "EAI 4711")
    }

    @Test func systemError_isReportedWithItsErrno() {
        let error = LookupError(code: EAI_SYSTEM, errno: .tooManyOpenFiles, host: "h", service: nil)
        #expect(error.description == "EAI_SYSTEM (EMFILE (Too many open files)): h")
    }

    @Test func reverseLookup_returnsNumbers_ifRequested() throws {
        let address = try SocketAddress(ipAddress: "127.0.0.1", port: 4711)
        let (host, service) = try AddressLookup.names(of: address, flags: NI_NUMERICHOST | NI_NUMERICSERV)
        #expect(host == "127.0.0.1")
        #expect(service == "4711")
    }

    @Test func reverseLookup_ofAnUnknownFamily_fails() {
        let address = SocketAddress(.other(AddressFamily(rawValue: 99), [99, 0, 1, 2]))
        #expect(code { try AddressLookup.names(of: address, flags: 0) } == "EAI_FAMILY")
    }

    private func code<R>(_ body: () throws -> R) -> String? {
        do { _ = try body() } catch { return (error as? LookupError)?.name }
        return nil
    }
}
