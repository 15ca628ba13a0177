public import Kernel

/// The operations that every transport has.
///
/// - Thread: The loop's. Transports are `Sendable` only so that a reference can be stored anywhere.
///
/// asyncio: `asyncio.BaseTransport`.
public protocol BaseTransport: AnyObject, Sendable {
    /// Ends the connection: reading stops at once, pending bytes are sent, and `connectionLost(nil)` follows.
    ///
    /// Idempotent.
    func close()
    /// Ends the connection at once: pending bytes are dropped, and `connectionLost(nil)` follows.
    ///
    /// Idempotent.
    func abort()
    /// Whether ``close()`` or ``abort()`` has been called or the connection is lost.
    var isClosing: Bool { get }
    /// The protocol object that the transport notifies.
    ///
    /// asyncio: `get_protocol()`.
    var `protocol`: any BaseProtocol { get }
    /// A fact about the connection, by its asyncio name: `peername`, `sockname`, `socket`; on Unix sockets also
    /// `peercred`, the ``PeerCredentials``, which asyncio lacks.
    ///
    /// The addresses stay available after the connection is lost, the credentials until it is closed.
    ///
    /// - Parameter name: asyncio's name of the fact.
    /// - Returns: The fact; nil if there is no fact of this name.
    func extraInfo(_ name: String) -> (any Sendable)?
}

/// The receiving half of a transport.
///
/// asyncio: `asyncio.ReadTransport`.
public protocol ReadTransport: BaseTransport {
    /// Whether received bytes are being delivered.
    var isReading: Bool { get }
    /// Stops delivery until ``resumeReading()``; no byte is lost.
    ///
    /// If a send fails because the peer has broken the connection, the pause ends: the bytes that arrived before are
    /// delivered, and `connectionLost` follows.
    ///
    /// Idempotent; no effect on a closing transport.
    func pauseReading()
    /// Resumes delivery, starting with the bytes that arrived before the pause took effect.
    ///
    /// Idempotent; no effect on a closing transport.
    func resumeReading()
}

/// The sending half of a transport.
///
/// No call blocks or suspends.
///
/// asyncio: `asyncio.WriteTransport`.
public protocol WriteTransport: BaseTransport {
    /// Sends bytes, after the bytes of earlier calls.
    ///
    /// The bytes are copied, or shared if they lie in this loop's receive buffers.
    ///
    /// After ``BaseTransport/close()``, or when the connection is lost, the bytes are dropped; from the sixth such call
    /// on, a warning is logged. After ``writeEOF()`` they are dropped, too, and the error goes to the exception
    /// handler; asyncio raises `RuntimeError`.
    ///
    /// - Parameter bytes: What to send; may be empty.
    func write(_ bytes: RawSpan)
    /// Sends bytes, after the bytes of earlier calls.
    ///
    /// A large array is retained until it is sent instead of being copied.
    ///
    /// - Parameter bytes: What to send; may be empty.
    func write(_ bytes: [UInt8])
    /// Ends the sending half after everything has been sent; the peer may still send.
    ///
    /// Idempotent; no effect on a closing transport.
    func writeEOF()
    /// Whether ``writeEOF()`` is possible.
    var canWriteEOF: Bool { get }
    /// Bytes that the kernel has not taken yet, including those of a send in flight; 0 after ``BaseTransport/abort()``.
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
}

extension WriteTransport {
    /// Sends several pieces, one after the other.
    ///
    /// - Parameter pieces: What to send, in order.
    public func writeLines(_ pieces: some Sequence<[UInt8]>) {
        for piece in pieces {
            write(piece)
            // The remaining pieces would be dropped, too, and all pieces together should count as one lost write.
            if isClosing, !piece.isEmpty { break }
        }
    }

    /// Sends text as UTF-8.
    ///
    /// - Parameter text: What to send.
    public func write(_ text: String) {
        write(Array(text.utf8))
    }
}

/// A connection that carries a stream of bytes in each direction.
///
/// asyncio: `asyncio.Transport`.
public protocol StreamTransport: ReadTransport, WriteTransport {
    /// Replaces the protocol object, which receives all notifications from the next one on.
    ///
    /// Has no effect after `connectionLost` has been called: no notification follows.
    ///
    /// - Parameter protocol: A ``StreamProtocol`` or a ``BufferedProtocol``.
    /// - Throws: ``EventLoopError`` with `.invalidArgument` if it is neither.
    func setProtocol(_ protocol: any BaseProtocol) throws(EventLoopError)
    /// The address of the other end, even after the connection is lost; nil if it has none.
    var peerAddress: SocketAddress? { get }
    /// The address of this end, even after the connection is lost; nil if it has none.
    var localAddress: SocketAddress? { get }
    /// The socket, for options and addresses; the transport still owns it. Its number is -1 once it is being closed.
    var socket: TransportSocket { get }
}

/// The limits of a transport's write buffer, in bytes.
public struct WriteBufferLimits: Hashable, Sendable {
    /// The protocol object resumes writing at this size or below.
    public let low: Int
    /// The protocol object pauses writing above this size.
    public let high: Int
}
