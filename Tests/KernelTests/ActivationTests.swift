import Glibc
import Testing

@testable import Kernel

/// Sockets from the service manager, and those of other processes.
@Suite struct ActivationTests {
    private func named(_ variables: [String: String]) throws -> [String] {
        let variables = try #require(ActivationVariables { variables[$0] })
        return try variables.named { _ in }.map { "\($0.name) \($0.descriptor)" }
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

    @Test(arguments: ["", "x", "99999999999"])
    func malformedProcess_isRefused(_ process: String) {
        #expect(throws: Errno.invalidArgument) {
            try named(["LISTEN_PID": process, "LISTEN_FDS": "1"])
        }
    }

    /// Regression test: two billion descriptors were listed before the first was checked.
    @Test func hugeCount_endsAtTheFirstDescriptorThatIsNoSocket() throws {
        let huge = ["LISTEN_PID": "17", "LISTEN_FDS": "2147483644"]
        let variables = try #require(ActivationVariables { huge[$0] })
        var checked: [Int32] = []
        #expect(throws: Errno.notSocket) {
            _ = try variables.named { descriptor throws(Errno) in
                checked.append(descriptor)
                if descriptor == 5 { throw .notSocket }
            }
        }
        #expect(checked == [3, 4, 5])
    }

    @Test func activated_refusesMalformedVariables_andRemovesThem() async {
        await #expect(processExitsWith: .success) {
            for (process, count) in [("x", "1"), ("\(getpid())", "x"), ("\(getpid())", "2147483644")] {
                setenv("LISTEN_PID", process, 1)
                setenv("LISTEN_FDS", count, 1)
                #expect(throws: Errno.self) { try Socket.activated() }
                #expect(getenv("LISTEN_FDS") == nil)
            }
            setenv("LISTEN_PID", "1", 1)
            setenv("LISTEN_FDS", "x", 1)
            let others = try? Socket.activated()
            #expect(others?.isEmpty == true, "they are another process'")
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
