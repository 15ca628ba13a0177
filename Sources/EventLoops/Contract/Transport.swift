public import Kernel

/// What every transport can do.
///
/// To be used on its loop's thread only; `Sendable` so that it may be stored anywhere.
///
/// asyncio: `asyncio.BaseTransport`.
public protocol BaseTransport: AnyObject, Sendable {
    /// Ends the connection: reading stops now, what was written is still sent, then `connectionLost(nil)`.
    ///
    /// Idempotent.
    func close()
    /// Ends the connection now: what was not sent is dropped, then `connectionLost(nil)`. Idempotent.
    func abort()
    /// Whether ``close()`` or ``abort()`` was called or the connection is lost.
    var isClosing: Bool { get }
    /// The protocol object that is told what happens. asyncio: `get_protocol()`.
    var `protocol`: any BaseProtocol { get }
    /// Something about the connection by its asyncio name: `peername`, `sockname`, `socket`; nil if it is not known.
    ///
    /// - Parameter name: asyncio's name of the fact.
    func extraInfo(_ name: String) -> (any Sendable)?
}

/// The receiving half.
///
/// asyncio: `asyncio.ReadTransport`.
public protocol ReadTransport: BaseTransport {
    /// Whether received bytes are being delivered.
    var isReading: Bool { get }
    /// Delivers nothing more until ``resumeReading()``; no byte is lost. Idempotent; no effect on a closing transport.
    func pauseReading()
    /// Delivers again, first what came in before the pause took effect. Idempotent; no effect on a closing transport.
    func resumeReading()
}

/// The sending half.
///
/// Nothing here blocks or suspends.
///
/// asyncio: `asyncio.WriteTransport`.
public protocol WriteTransport: BaseTransport {
    /// Sends bytes, after those of earlier calls.
    ///
    /// They are copied, or shared where they came from this loop's receive buffers.
    ///
    /// After ``BaseTransport/close()`` or once the connection is lost the bytes are dropped; from the sixth such call
    /// on the log has a warning. After ``writeEOF()`` they are dropped too and the exception handler is told, which
    /// is asyncio's `RuntimeError`.
    ///
    /// - Parameter bytes: What to send; may be empty.
    func write(_ bytes: RawSpan)
    /// Sends bytes, after those of earlier calls. A large array is kept until it is sent instead of being copied.
    ///
    /// - Parameter bytes: What to send; may be empty.
    func write(_ bytes: [UInt8])
    /// Ends the sending half once everything is sent; the peer may still send. Idempotent; no effect on a closing
    /// transport.
    func writeEOF()
    /// Whether ``writeEOF()`` is possible.
    var canWriteEOF: Bool { get }
    /// Bytes that the kernel has not yet taken, including those of a send in flight.
    var writeBufferSize: Int { get }
    /// When the protocol is told to pause and to resume writing.
    var writeBufferLimits: WriteBufferLimits { get }
    /// Sets the limits; one alone implies the other: low is a quarter of high, high is four times low.
    ///
    /// - Parameters:
    ///   - high: Bytes above which the protocol is told to pause; nil for the default of 64 KiB, or four times `low`.
    ///   - low: Bytes at or below which it is told to resume; nil for a quarter of `high`.
    /// - Throws: ``EventLoopError`` with `.invalidArgument` unless high >= low >= 0; the old limits stay.
    func setWriteBufferLimits(high: Int?, low: Int?) throws(EventLoopError)
}

extension WriteTransport {
    /// Sends several pieces as one.
    ///
    /// - Parameter pieces: What to send, in order.
    public func writeLines(_ pieces: some Sequence<[UInt8]>) {
        for piece in pieces {
            write(piece)
            // The rest would be dropped as well, and counts as one write with this.
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

/// A connection of ordered bytes in both directions.
///
/// asyncio: `asyncio.Transport`.
public protocol StreamTransport: ReadTransport, WriteTransport {
    /// Hands the connection to another protocol object, from the next event on.
    ///
    /// - Parameter protocol: A ``StreamProtocol`` or a ``BufferedProtocol``.
    /// - Throws: ``EventLoopError`` with `.invalidArgument` if it is neither.
    func setProtocol(_ protocol: any BaseProtocol) throws(EventLoopError)
    /// The other end's address; nil where it has none.
    var peerAddress: SocketAddress? { get }
    /// This end's address; nil where it has none.
    var localAddress: SocketAddress? { get }
    /// The socket, for options and addresses; the transport keeps owning it.
    var socket: TransportSocket { get }
}

/// The limits of a transport's write buffer, in bytes.
public struct WriteBufferLimits: Hashable, Sendable {
    /// At or below it the protocol is told to resume.
    public let low: Int
    /// Above it the protocol is told to pause.
    public let high: Int
}
