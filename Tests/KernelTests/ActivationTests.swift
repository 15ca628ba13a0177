import Testing

@testable import Kernel

/// Sockets from the service manager, and those of other processes.
@Suite struct ActivationTests {
    private func named(_ variables: [String: String]) throws -> [String] {
        let variables = try #require(ActivationVariables { variables[$0] })
        return try variables.named().map { "\($0.name) \($0.descriptor)" }
    }

    @Test func variables_nameTheDescriptors_fromThreeOn() throws {
        let two = ["LISTEN_PID": "17", "LISTEN_FDS": "2"]
        #expect(try named(two) == ["unknown 3", "unknown 4"])
        #expect(try named(two.merging(["LISTEN_FDNAMES": "web:"]) { $1 }) == ["web 3", " 4"])
        #expect(try named(["LISTEN_PID": "17", "LISTEN_FDS": "0", "LISTEN_FDNAMES": ""]) == [])
        #expect((ActivationVariables { two[$0] })?.process == 17)
        #expect((ActivationVariables { _ in nil })?.process == nil)
        #expect((ActivationVariables { ["LISTEN_FDS": "2"][$0] })?.process == nil)
    }

    @Test(arguments: ["", "x", "-1", "2147483647", "99999999999"])
    func malformedCount_isRefused(_ count: String) {
        #expect(throws: Errno.invalidArgument) {
            try named(["LISTEN_PID": "17", "LISTEN_FDS": count])
        }
    }

    @Test func otherNumberOfNames_isRefused() {
        #expect(throws: Errno.invalidArgument) {
            try named(["LISTEN_PID": "17", "LISTEN_FDS": "2", "LISTEN_FDNAMES": "web"])
        }
    }

    /// The process number of the variables is that of another process, or none at all.
    @Test func activated_isEmpty_withoutVariables() throws {
        #expect(try Socket.activated().isEmpty)
    }

    @Test func addresses_areWrittenAsTheKernelDoes() throws {
        func text(_ host: String, _ port: Int) throws -> String? {
            ListenerTable.Address(try SocketAddress(ipAddress: host, port: port)).map { "\($0.host):\($0.port)" }
        }
        #expect(try text("127.0.0.1", 8080) == "0100007F:1F90")
        #expect(try text("::1", 80) == "00000000000000000000000001000000:0050")
        #expect(ListenerTable.Address(try SocketAddress(unixPath: "/run/x")) == nil)
        let some = try #require(ListenerTable.Address("0100007F:1F90"))
        for (other, overlaps) in [
            ("0100007F:1F90", true), ("00000000:1F90", true), ("0200007F:1F90", false), ("0100007F:1F91", false),
        ] {
            #expect(ListenerTable.Address(Substring(other))?.overlaps(some) == overlaps, "\(other)")
        }
    }

    @Test func ownListener_isNotForeign() throws {
        for host in ["127.0.0.1", "::1"] {
            let any = try SocketAddress(ipAddress: host, port: 0)
            let socket = try Socket(family: any.family)
            try socket.bind(to: any)
            try socket.listen()
            let address = try socket.localAddress
            let table = host == "::1" ? "/proc/self/net/tcp6" : "/proc/self/net/tcp"
            let wanted = try #require(ListenerTable.Address(address))
            #expect(ListenerTable.inodes(table, overlapping: wanted).count == 1)
            #expect(!ForeignListeners.exist(at: address))
        }
    }
}
