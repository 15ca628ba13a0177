public import EventLoops

/// Records the bytes that the transport lends it.
open class StreamRecorder: ProtocolRecorder, StreamProtocol {
    open func dataReceived(_ data: RawSpan) {
        data.withUnsafeBytes { take($0) }
    }
}

/// Sends what it receives back, from the lent memory.
public final class EchoRecorder: StreamRecorder {
    override public func dataReceived(_ data: RawSpan) {
        transport?.write(data)
        super.dataReceived(data)
    }
}
