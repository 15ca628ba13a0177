public import Kernel

/// An endpoint that sends and receives datagrams.
///
/// Closing it sends what is queued; `pauseReading` leaves further datagrams to the socket's buffer, which drops them
/// when it is full.
///
/// asyncio: `asyncio.DatagramTransport`.
public protocol DatagramTransport: ReadTransport {
    /// Sends a datagram, after those of earlier calls.
    ///
    /// The bytes are copied; the datagrams of a turn are sent together. An empty datagram is sent, too. If the kernel
    /// refuses a datagram, `errorReceived` is called and the next one is sent.
    ///
    /// A Unix receiver that does not read delays the datagrams to others: if the endpoint is not connected, a datagram
    /// that its receiver has not taken for about one second is dropped, `errorReceived` is called with
    /// `.resourceTemporarilyUnavailable`, and the next one is sent. ``BaseTransport/close()`` then waits no longer than
    /// that for each receiver. A connected endpoint waits until its peer reads.
    ///
    /// Options that the socket cannot honour are refused: all of them on a Unix endpoint, and a source of another
    /// family.
    ///
    /// After ``BaseTransport/close()``, or when the endpoint is lost, the datagram is dropped; from the sixth such call
    /// on, a warning is logged.
    ///
    /// An endpoint that is not connected needs an address, and a connected one accepts no other than that of its peer:
    /// otherwise, and for refused options, the datagram is dropped, and the exception handler gets an
    /// `.invalidArgument` error; asyncio raises `ValueError`.
    ///
    /// - Parameters:
    ///   - data: What to send.
    ///   - address: The destination; nil for the endpoint's remote address.
    ///   - options: How to send this datagram; nil for the socket's options. A segment size that is not 1...65535 is
    ///     reported like a wrong address.
    /// - Thread: The loop's.
    func sendTo(_ data: RawSpan, _ address: SocketAddress?, options: DatagramSendOptions?)
    /// Replaces the protocol object, which receives all notifications from the next one on.
    ///
    /// Has no effect after `connectionLost` has been called: no notification follows.
    ///
    /// - Parameter protocol: A ``DatagramProtocol``.
    /// - Throws: ``EventLoopError`` with `.invalidArgument` if it is none.
    func setProtocol(_ protocol: any BaseProtocol) throws(EventLoopError)
    /// The bytes that the kernel has not taken yet, and 8 for each of their datagrams; 0 after
    /// ``BaseTransport/abort()``.
    var writeBufferSize: Int { get }
    /// The limits at which `pauseWriting` and `resumeWriting` of the protocol object are called.
    var writeBufferLimits: WriteBufferLimits { get }
    /// Sets the limits; if one is nil, it is chosen so that high is four times low.
    ///
    /// - Parameters:
    ///   - high: Bytes above which the protocol object has to pause; nil for four times `low`, or else 64 KiB.
    ///   - low: Bytes at or below which it may resume; nil for a quarter of `high`.
    /// - Throws: ``EventLoopError`` with `.invalidArgument` unless high >= low >= 0; the old limits stay.
    func setWriteBufferLimits(high: Int?, low: Int?) throws(EventLoopError)
    /// The remote address, even after the endpoint is lost; nil if datagrams need an address.
    var peerAddress: SocketAddress? { get }
    /// The address that the socket is bound to, even after the endpoint is lost; nil if it has none.
    var localAddress: SocketAddress? { get }
    /// The socket, for options and addresses; the transport still owns it. Its number is -1 once it is being closed.
    var socket: TransportSocket { get }
}

extension DatagramTransport {
    /// Sends a datagram, after those of earlier calls.
    ///
    /// A refused datagram is reported by `errorReceived`; a missing or wrong address goes to the exception handler.
    ///
    /// - Parameters:
    ///   - data: What to send.
    ///   - address: The destination; nil for the endpoint's remote address.
    /// - Thread: The loop's.
    ///
    /// asyncio: `sendto`.
    public func sendTo(_ data: RawSpan, _ address: SocketAddress? = nil) {
        sendTo(data, address, options: nil)
    }

    /// Sends a datagram, after those of earlier calls.
    ///
    /// A refused datagram is reported by `errorReceived`; a missing or wrong address goes to the exception handler.
    ///
    /// - Parameters:
    ///   - data: What to send.
    ///   - address: The destination; nil for the endpoint's remote address.
    ///   - options: How to send this datagram; nil for the socket's options.
    /// - Thread: The loop's.
    ///
    /// asyncio: `sendto`.
    public func sendTo(_ data: [UInt8], _ address: SocketAddress? = nil, options: DatagramSendOptions? = nil) {
        sendTo(data.span.bytes, address, options: options)
    }

    /// Sends bytes as a train of datagrams, which the kernel divides.
    ///
    /// A refused train is reported by `errorReceived`; a missing or wrong address, or a segment size that is not
    /// 1...65535, goes to the exception handler.
    ///
    /// - Parameters:
    ///   - data: What to send, at most 64 datagrams and 64 KiB.
    ///   - address: The destination; nil for the endpoint's remote address.
    ///   - segmentSize: The size of each datagram but the last, which may be shorter.
    /// - Thread: The loop's.
    ///
    /// Kernel: `UDP_SEGMENT` (Linux 4.18).
    public func sendTo(_ data: RawSpan, _ address: SocketAddress? = nil, segmentSize: Int) {
        sendTo(data, address, options: DatagramSendOptions(segmentSize: segmentSize))
    }
}
