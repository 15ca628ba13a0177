import CLinux
import Glibc
import Testing

@testable import Kernel

struct SocketOptionTests {
    @Test func flags_areReadAsTheyWereSet() throws {
        let socket = try Socket.tcp()
        for value in [true, false] {
            try socket.setReuseAddress(value)
            #expect(try socket.reuseAddress == value)
            try socket.setReusePort(value)
            #expect(try socket.reusePort == value)
            try socket.setNoDelay(value)
            #expect(try socket.noDelay == value)
            try socket.setNonBlocking(value)
            #expect(try socket.isNonBlocking == value)
            try socket.setFastOpenConnect(value)
            #expect(try socket.fastOpenConnect == value)
        }
    }

    @Test func keepAlive_hasItsThreeTimes() throws {
        let socket = try Socket.tcp()
        #expect(try socket.keepAlive == nil)
        let times = KeepAlive(idle: .seconds(30), interval: .seconds(5), count: 4)
        try socket.setKeepAlive(times)
        #expect(try socket.keepAlive == times)
        try socket.setKeepAlive(KeepAlive(idle: .milliseconds(1_001), interval: .milliseconds(1), count: 1))
        #expect(try socket.keepAlive == KeepAlive(idle: .seconds(2), interval: .seconds(1), count: 1))
        try socket.setKeepAlive(nil)
        #expect(try socket.keepAlive == nil)
        #expect(throws: Errno.outOfRange) {
            try socket.setKeepAlive(KeepAlive(idle: .seconds(-1), interval: .seconds(1), count: 1))
        }
        #expect(throws: Errno.invalidArgument) {
            try socket.setKeepAlive(KeepAlive(idle: .seconds(40_000), interval: .seconds(1), count: 1))
        }
        #expect(try socket.keepAlive == nil)
    }

    @Test func times_areRoundedUp() throws {
        let socket = try Socket.tcp()
        #expect(try socket.linger == nil)
        for (milliseconds, seconds) in [(0, 0), (1, 1), (1_000, 1), (2_999, 3)] {
            try socket.setLinger(.milliseconds(milliseconds))
            #expect(try socket.linger == .seconds(seconds))
        }
        try socket.setLinger(nil)
        #expect(try socket.linger == nil)
        #expect(try socket.userTimeout == nil)
        try socket.setUserTimeout(.microseconds(1_500_100))
        #expect(try socket.userTimeout == .milliseconds(1_501))
        try socket.setUserTimeout(nil)
        #expect(try socket.userTimeout == nil)
        #expect(throws: Errno.outOfRange) { try socket.setUserTimeout(.seconds(-1)) }
        #expect(throws: Errno.outOfRange) { try socket.setLinger(.seconds(1 << 40)) }
    }

    @Test func numbers_areReadAsTheyWereSet() throws {
        let socket = try Socket.tcp()
        try socket.setSendBufferSize(40_000)
        #expect(try socket.sendBufferSize == 80_000)
        try socket.setReceiveBufferSize(50_000)
        #expect(try socket.receiveBufferSize == 100_000)
        try socket.setPriority(5)
        #expect(try socket.priority == 5)
        try socket.setFastOpen(16)
        #expect(try socket.fastOpen == 16)
        #expect(try socket.mark == 0)
        do throws(Errno) {
            try socket.setMark(0x8000_0001)
            #expect(try socket.mark == 0x8000_0001)
        } catch { #expect(error == .notPermitted) }
        #expect(throws: Errno.outOfRange) { try socket.setPriority(1 << 40) }
        #expect(try socket.incomingCPU == nil)
        try socket.setIncomingCPU(0)
        #expect(try socket.incomingCPU == 0)
    }

    @Test func kind_isReported() throws {
        let kinds: [(Socket, AddressFamily, Int32)] = [
            (try .tcp(), .ipv4, Socket.stream), (try .tcp(.ipv6), .ipv6, Socket.stream),
            (try .udp(), .ipv4, Socket.datagram), (try .unix(), .unix, Socket.stream),
            (try .unix(type: Socket.seqpacket), .unix, Socket.seqpacket),
        ]
        for (socket, family, type) in kinds {
            #expect(try socket.family == family)
            #expect(try socket.type == type)
            #expect(try socket.isNonBlocking)
        }
        let listener = try Socket.unix()
        #expect(try !listener.isListening)
        try listener.bind(to: .unnamedUnix)
        try listener.listen()
        #expect(try listener.isListening)
    }

    @Test func optionsOfAnotherKindOfSocket_areRefused() throws {
        let unix = try Socket.unix()
        #expect(throws: Errno.notSupported) { try unix.setNoDelay(true) }
        #expect(throws: Errno.notSupported) { try unix.userTimeout }
        unix.close()
        #expect(throws: Errno.badFileDescriptor) { try unix.reuseAddress }
        #expect(throws: Errno.badFileDescriptor) { try unix.setReuseAddress(true) }
        #expect(throws: Errno.badFileDescriptor) { try unix.linger }
        #expect(throws: Errno.badFileDescriptor) { try unix.isNonBlocking }
    }

    @Test(arguments: [Socket.stream, Socket.seqpacket])
    func peerCredentials_areThoseOfThisProcess(type: Int32) throws {
        let (one, _) = try Socket.pair(type: type)
        let credentials = try one.peerCredentials
        #expect(credentials.processID == getpid())
        #expect(credentials.userID == geteuid())
        #expect(credentials.groupID == getegid())
    }

    @Test func peerCredentials_needAPeer() throws {
        #expect(throws: Errno.notConnected) { try Socket.unix().peerCredentials }
        #expect(throws: Errno.notConnected) { try Socket.tcp().peerCredentials }
    }

    @Test func peerProcess_isADescriptorOfItsOwn() throws {
        let (one, _) = try Socket.pair()
        do throws(Errno) {
            let process = try one.peerProcess()
            #expect(process.fileDescriptor > 2)
            // The process has not ended, so its descriptor is not readable.
            var entry = pollfd(fd: process.fileDescriptor, events: Int16(POLLIN), revents: 0)
            #expect(poll(&entry, 1, 0) == 0)
        } catch { #expect(error == .protocolNotAvailable, "Linux 6.5 has it") }
        #expect(throws: Errno.self) { _ = try Socket.unix().peerProcess() }
    }
}
