public import Kernel

/// A datagram socket, for async code.
///
///     let endpoint = try await loop.openDatagramEndpoint(localAddress: (host: "127.0.0.1", port: 9999))
///     for try await (bytes, sender) in endpoint { try await endpoint.send(bytes, to: sender) }
///
/// Datagrams wait in the endpoint until they are received. When their number reaches ``queueLimit``, the endpoint stops
/// taking datagrams from the kernel until half of them have been received; the socket's buffer keeps further ones, and
/// drops them when it is full. Several tasks may receive; each datagram goes to one of them. Cancelling one loses no
/// datagram.
///
/// Releasing an endpoint does not close it: without ``close()`` it stays open until the loop closes.
///
/// - Thread: The loop's.
public final class DatagramEndpoint: AsyncSequence, @unchecked Sendable {
    /// A datagram and the address of its sender; nil if the sender has none.
    ///
    /// A sender without an address, such as an unnamed Unix socket, cannot be answered: `send` then throws on an
    /// endpoint that is not connected.
    public typealias Element = (bytes: [UInt8], sender: SocketAddress?)

    private let core: LoopCore
    private let inlet: DatagramInlet
    /// The transport, if it can throw what it refuses.
    private let outlet: DatagramSocketTransport?
    /// The transport, for options, limits and addresses.
    public let transport: any DatagramTransport

    init(core: LoopCore, inlet: DatagramInlet, transport: any DatagramTransport) {
        self.core = core
        self.inlet = inlet
        self.transport = transport
        outlet = transport as? DatagramSocketTransport
    }

    /// The maximum number of datagrams that wait in the endpoint.
    ///
    /// - Thread: Any.
    public var queueLimit: Int {
        inlet.queueLimit
    }

    // MARK: Receiving

    /// Waits for the next datagram.
    ///
    /// - Returns: The datagram and its sender.
    /// - Throws: ``EventLoopError``: `.system` for an error of a connected endpoint, which stays open:
    ///   `.connectionRefused` or another error of the kernel, or `.messageTooLong` for a datagram that does not fit
    ///   into the loop's memory; the error that ended the endpoint; `.closed` after ``close()`` or when the loop is
    ///   closed; `.wrongThread`. `CancellationError` if the task is cancelled.
    /// - Cancellation: Ends the wait; no datagram is lost.
    /// - Thread: A task of the loop.
    ///
    /// asyncio: a queue filled by `datagram_received`.
    public func receive() async throws -> Element {
        let datagram = try await receiveWithInfo()
        return (datagram.bytes, datagram.sender)
    }

    /// Waits for the next datagram, like ``receive()``, and returns what the kernel reported about it, too.
    ///
    /// If the kernel has joined several datagrams of one sender, they are received one by one, and
    /// ``DatagramInfo/segmentSize`` is nil.
    ///
    /// - Returns: The datagram, its sender, and what the kernel reported; most of it only if an option of the socket is
    ///   set, for instance ``SocketOptions/setReceivesPacketInfo(_:)`` of the transport's socket.
    /// - Throws: Same as ``receive()``.
    /// - Cancellation: Ends the wait; no datagram is lost.
    /// - Thread: A task of the loop.
    public func receiveWithInfo() async throws -> (bytes: [UInt8], sender: SocketAddress?, info: DatagramInfo) {
        if let datagram = try await inlet.next(inSequence: false) { return datagram }
        throw EventLoopError.closed("receive", "The endpoint")
    }

    /// An iterator over the datagrams of an endpoint.
    public struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate let inlet: DatagramInlet

        /// The next datagram; nil after ``DatagramEndpoint/close()``, and after
        /// ``AbstractEventLoop/shutdownAsyncGenerators()`` has finished all sequences.
        ///
        /// - Throws: Same as ``DatagramEndpoint/receive()``, except `.closed`.
        /// - Cancellation: Ends the wait; no datagram is lost.
        /// - Thread: A task of the loop.
        public func next() async throws -> Element? {
            try await inlet.next(inSequence: true).map { ($0.bytes, $0.sender) }
        }
    }

    /// Makes an iterator; all iterators take from the same endpoint.
    ///
    /// - Thread: The loop's.
    public func makeAsyncIterator() -> AsyncIterator {
        core.sequenceBegins()
        return AsyncIterator(inlet: inlet)
    }

    // MARK: Sending

    /// Sends a datagram; waits first if more bytes are queued than the transport's high limit.
    ///
    /// - Parameters:
    ///   - bytes: What to send.
    ///   - address: The destination; nil for the endpoint's remote address.
    ///   - options: How to send this datagram; nil for the socket's options.
    /// - Throws: The error that ended the endpoint. ``EventLoopError``: `.invalidArgument` without an address if the
    ///   endpoint is not connected, with another address than its peer's if it is, or for options that the endpoint
    ///   cannot honour; `.closed` after ``close()`` or when the loop is closed; `.wrongThread`. `CancellationError` if
    ///   the task is cancelled while it waits. Errors of the kernel are thrown by ``receive()`` if the endpoint is
    ///   connected, and otherwise go to the error handler.
    /// - Cancellation: Ends the wait; the datagram is then not sent.
    /// - Thread: A task of the loop.
    ///
    /// asyncio: `sendto`.
    public func send(
        _ bytes: [UInt8], to address: SocketAddress? = nil, options: DatagramSendOptions? = nil
    ) async throws {
        if try inlet.mustWait { try await inlet.waitToSend() }
        guard !transport.isClosing else {
            throw outlet?.loss ?? inlet.loss ?? EventLoopError.closed("send", "The endpoint")
        }
        guard let outlet else { return transport.sendTo(bytes, address, options: options) }
        // The pointer escapes its closure, but the array outlives the use.
        try outlet.send(bytes.withUnsafeBytes { $0 }, to: address, options)
    }

    // MARK: Ending

    /// Closes the endpoint after everything that is queued has been sent; received datagrams are dropped.
    ///
    /// A Unix receiver that does not read delays this by about one second; see ``DatagramTransport``.
    ///
    /// Idempotent.
    ///
    /// - Thread: The loop's.
    public func close() {
        transport.close()
        // If the thread is the wrong one, the transport has reported that.
        if core.queue.ownership.allowsUse() { inlet.end() }
    }

    /// Waits until the endpoint is closed and everything has been sent.
    ///
    /// - Throws: The error that ended the endpoint, if one did. `CancellationError` if the task is cancelled.
    ///   ``EventLoopError``: `.closed` if the loop is closed; `.wrongThread`.
    /// - Cancellation: Ends the wait; the endpoint is not affected.
    /// - Thread: A task of the loop.
    public func waitClosed() async throws {
        try await inlet.waitClosed()
    }
}
