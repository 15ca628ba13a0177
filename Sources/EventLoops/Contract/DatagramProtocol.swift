public import Kernel

/// A protocol object that gets the datagrams of an endpoint.
///
/// The order of calls is `connectionMade (datagram | error)* connectionLost`, with `(pauseWriting resumeWriting)*` in
/// between. The first and the last call are made exactly once.
///
/// asyncio: `asyncio.DatagramProtocol`.
public protocol DatagramProtocol: BaseProtocol {
    /// Called when the endpoint is ready.
    ///
    /// Keep the transport to send, and release it in `connectionLost`.
    ///
    /// - Parameter transport: The endpoint.
    /// - Thread: The loop's.
    func connectionMade(_ transport: any DatagramTransport)
    /// Called for each datagram that arrives.
    ///
    /// The bytes are in the loop's receive buffer, and the compiler does not let the span outlive the call: copy them
    /// if you need them afterwards. `transport.sendTo(data, sender)` sends them back.
    ///
    /// The method has no default implementation, so that a wrong signature does not compile.
    ///
    /// - Parameters:
    ///   - data: The whole datagram, possibly empty.
    ///   - sender: The sender's address; nil if it has none, such as an unnamed Unix socket.
    /// - Thread: The loop's.
    func datagramReceived(_ data: RawSpan, from sender: SocketAddress?)
    /// Called for each datagram that arrives, in place of ``datagramReceived(_:from:)``, with further information.
    ///
    /// The default implementation calls the other method, once for each datagram of a train. For a truncated datagram,
    /// it calls ``errorReceived(_:)`` with `.messageTooLong` instead.
    ///
    /// - Parameters:
    ///   - data: The datagram; several of them if ``DatagramInfo/segmentSize`` is not nil.
    ///   - sender: The sender's address; nil if it has none.
    ///   - info: What the kernel reported about the datagram; most of it only if an option of the socket is set.
    /// - Thread: The loop's.
    func datagramReceived(_ data: RawSpan, from sender: SocketAddress?, info: DatagramInfo)
    /// Called when a datagram could not be sent, or did not reach its destination.
    ///
    /// The endpoint stays open, and other datagrams are still sent.
    ///
    /// - Parameter error: `.system` with the kernel's error, for instance `.connectionRefused` if nothing listens at
    ///   the address to which the endpoint is connected.
    /// - Thread: The loop's.
    func errorReceived(_ error: EventLoopError)
}

extension DatagramProtocol {
    /// Does nothing.
    public func connectionMade(_ transport: any DatagramTransport) {}

    /// Calls ``DatagramProtocol/datagramReceived(_:from:)`` or, for a truncated datagram,
    /// ``DatagramProtocol/errorReceived(_:)``.
    public func datagramReceived(_ data: RawSpan, from sender: SocketAddress?, info: DatagramInfo) {
        guard !info.isTruncated else { return errorReceived(.truncated(from: sender)) }
        info.forEachSegment(of: data) { datagramReceived($0, from: sender) }
    }

    /// Does nothing.
    public func errorReceived(_ error: EventLoopError) {}
}

extension EventLoopError {
    /// The error that replaces a truncated datagram.
    static func truncated(from sender: SocketAddress?) -> EventLoopError {
        EventLoopError(
            .system, "recvmsg", errno: .messageTooLong, address: sender?.description,
            detail: "The datagram was longer than the loop's memory: implement datagramReceived(_:from:info:) to get "
                + "its beginning")
    }
}
