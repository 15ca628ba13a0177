import Glibc
import Kernel
import ProactorLoop
import TestSupport
import Testing

@testable import EventLoops

/// Records what a datagram channel reports, and sends what a test queues.
final class DatagramRecorder: DatagramChannelOwner, @unchecked Sendable {
    private(set) var received: [[UInt8]] = []
    private(set) var names: [[UInt8]] = []
    private(set) var flags: [Int32] = []
    private(set) var errors: [Errno] = []
    private(set) var failures: [Errno] = []
    private(set) var refused: [Errno] = []
    private(set) var sentCount = 0
    private(set) var stalls = 0
    private(set) var isClosed = false
    /// Called after each datagram.
    var whenReceived: () -> Void = {}
    /// Called after datagrams were sent.
    var whenSent: () -> Void = {}
    private var outgoing: [OutgoingDatagram] = []
    private var listed = 0

    override init() {}

    override func received(_ datagram: borrowing ReceivedDatagram) {
        received.append(Array(datagram.bytes))
        names.append(Array(datagram.name))
        flags.append(datagram.flags)
        whenReceived()
    }

    override func receiveFailed(_ errno: Errno) { errors.append(errno) }

    /// Adds a datagram to be sent; `name` is nil on a connected socket.
    func queue(_ bytes: [UInt8], to name: [UInt8]? = nil) {
        outgoing.append(OutgoingDatagram(bytes, name))
    }

    var unsent: Int { outgoing.count }

    override func gather(into headers: UnsafeMutablePointer<UnsafeMutablePointer<msghdr>>, most: Int) -> Int {
        let count = min(outgoing.count, most)
        for index in 0..<count { headers[index] = outgoing[index].header }
        return count
    }

    override func sent(_ count: Int) {
        sentCount += count
        outgoing.removeFirst(count)
        whenSent()
    }

    override func sendFailed(_ errno: Errno) {
        refused.append(errno)
        outgoing.removeFirst()
    }

    override func sendStalled() { stalls += 1 }
    override func failed(_ errno: Errno, _ operation: StaticString) { failures.append(errno) }
    override func channelClosed() { isClosed = true }
}

extension DatagramRecorder: CustomStringConvertible {
    var description: String { "a recorder" }
}

/// A datagram as `sendmsg(2)` takes it.
private final class OutgoingDatagram {
    let header = UnsafeMutablePointer<msghdr>.allocate(capacity: 1)
    private let vector = UnsafeMutablePointer<iovec>.allocate(capacity: 1)
    private let bytes: UnsafeMutableRawBufferPointer
    private let name: UnsafeMutableRawBufferPointer

    init(_ bytes: [UInt8], _ name: [UInt8]?) {
        self.bytes = .allocate(byteCount: bytes.count, alignment: 16)
        self.bytes.copyBytes(from: bytes)
        self.name = .allocate(byteCount: name?.count ?? 0, alignment: 16)
        self.name.copyBytes(from: name ?? [])
        vector.initialize(to: iovec(iov_base: self.bytes.baseAddress, iov_len: bytes.count))
        header.initialize(to: msghdr())
        header.pointee.msg_iov = vector
        header.pointee.msg_iovlen = 1
        if let name {
            header.pointee.msg_name = self.name.baseAddress
            header.pointee.msg_namelen = socklen_t(name.count)
        }
    }

    deinit {
        header.deallocate()
        vector.deallocate()
        bytes.deallocate()
        name.deallocate()
    }
}

/// A datagram channel of a loop, with its recorder and the name of its socket.
struct DatagramEnd {
    let channel: any DatagramChannel
    let owner = DatagramRecorder()
    let descriptor: Int32
    let name: [UInt8]

    /// - Parameters:
    ///   - socket: The socket, whose descriptor is duplicated for the channel.
    ///   - isReceiving: Whether the channel receives from the start.
    init(
        _ loop: ProactorEventLoop, _ socket: DatagramSocket, _ family: AddressFamily = .ipv4, isReceiving: Bool = true
    ) throws {
        descriptor = fcntl(socket.descriptor, F_DUPFD_CLOEXEC, 3)
        try #require(descriptor >= 0)
        name = socket.name
        channel = loop.core.channels.makeDatagramChannel(descriptor, family: family)
        channel.begin(for: owner)
        if isReceiving { channel.startReceiving() }
    }

    /// Closes the channel and waits until that is complete.
    func close(_ loop: ProactorEventLoop) async throws {
        channel.close()
        #expect(!owner.isClosed, "never inside a call of the owner's")
        try await loop.eventually("the channel is closed") { owner.isClosed }
    }
}
