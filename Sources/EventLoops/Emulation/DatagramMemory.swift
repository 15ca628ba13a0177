internal import Glibc
internal import Kernel

/// The memory into which the readiness channels of a loop receive, and the lists for their calls.
///
/// One for each loop, because a channel uses it only within a call. Pages that were never written use no memory.
package final class DatagramMemory {
    /// The maximum number of datagrams that are received in one call.
    private static let mostReceived = 16
    private static let payloadBytes = mostReceived * DatagramSpace(.ipv4).payload

    private let sockets: any SocketSystem
    private let space: UnsafeMutableRawPointer
    private let payloads: UnsafeMutableRawPointer
    private let vectors = UnsafeMutablePointer<iovec>.allocate(capacity: mostReceived)
    private let messages = MessageList(capacity: DatagramSpace.mostGathered)
    private let headers = UnsafeMutablePointer<UnsafeMutablePointer<msghdr>>.allocate(
        capacity: DatagramSpace.mostGathered)

    package init(_ sockets: any SocketSystem) {
        self.sockets = sockets
        space = .allocate(byteCount: Self.mostReceived * Self.spaceBytes, alignment: 64)
        payloads = .allocate(byteCount: Self.payloadBytes, alignment: 4096)
    }

    deinit {
        space.deallocate()
        payloads.deallocate()
        vectors.deallocate()
        messages.deallocate()
        headers.deallocate()
    }

    /// Bytes per datagram for its address and control messages.
    private static var spaceBytes: Int {
        DatagramSpace(.ipv4).name + DatagramSpace(.ipv4).control
    }

    /// Closes a channel's descriptor.
    func close(_ descriptor: Int32) {
        try? sockets.close(descriptor)
    }

    // MARK: Receiving

    /// The number of datagrams of a family that one call can receive.
    func capacity(_ family: AddressFamily) -> Int {
        Self.payloadBytes / DatagramSpace(family).payload
    }

    /// Receives datagrams; ``received(_:)`` returns each.
    ///
    /// - Throws: `.resourceTemporarilyUnavailable` if there is none, and other errors from the kernel.
    func receive(_ descriptor: Int32, _ family: AddressFamily) throws(Errno) -> Int {
        let count = capacity(family)
        for index in 0..<count { prepare(index, DatagramSpace(family)) }
        return try sockets.receiveMessages(descriptor, into: messages, count: count)
    }

    /// Whether a socket that was reported as readable will have no datagram any more; if not, removes a message from
    /// its error queue, which may be the reason.
    func hasEnded(_ descriptor: Int32) -> Bool {
        if sockets.isShutDownForReading(descriptor) { return true }
        sockets.discardQueuedError(descriptor)
        return false
    }

    private func prepare(_ index: Int, _ size: DatagramSpace) {
        let name = space + index * Self.spaceBytes
        vectors[index] = iovec(iov_base: payloads + index * size.payload, iov_len: size.payload)
        messages[index] = msghdr(
            msg_name: name, msg_namelen: socklen_t(size.name), msg_iov: vectors + index, msg_iovlen: 1,
            msg_control: size.control == 0 ? nil : name + size.name, msg_controllen: size.control, msg_flags: 0)
    }

    /// A datagram of the last ``receive(_:_:)``.
    func received(_ index: Int) -> ReceivedDatagram {
        let header = messages[index]
        return ReceivedDatagram(
            bytes: UnsafeRawBufferPointer(start: vectors[index].iov_base, count: messages.length(index)),
            name: UnsafeRawBufferPointer(start: header.msg_name, count: Int(header.msg_namelen)),
            control: UnsafeRawBufferPointer(start: header.msg_control, count: header.msg_controllen),
            flags: header.msg_flags)
    }

    // MARK: Sending

    /// Lists the datagrams that an owner sends next; returns their number.
    func gather(_ owner: DatagramChannelOwner) -> Int {
        let count = owner.gather(into: headers, most: DatagramSpace.mostGathered)
        for index in 0..<count { messages[index] = headers[index].pointee }
        return count
    }

    /// Sends datagrams of the last ``gather(_:)``, without the first `skipped` ones.
    ///
    /// - Returns: The number of datagrams that the kernel has taken.
    /// - Throws: The error of the first one.
    func send(_ descriptor: Int32, from skipped: Int, count: Int) throws(Errno) -> Int {
        try sockets.sendMessages(descriptor, messages, skipped..<count)
    }
}
