/// The notifications that every protocol object gets from its transport.
///
/// - Thread: All calls are made on the loop's thread.
///
/// asyncio: `asyncio.BaseProtocol`.
public protocol BaseProtocol: AnyObject {
    /// Called when the connection is lost.
    ///
    /// This is the last call; it is made exactly once and never from inside the call that caused it. Callbacks that
    /// were scheduled before the connection ended run first. It is not called if the loop is closed before its
    /// connections: a closed loop calls nothing.
    ///
    /// - Parameter error: What broke the connection; nil after an orderly end or an abort by this side.
    func connectionLost(_ error: (any Error)?)
    /// Called when more bytes are waiting to be sent than the high limit allows: stop writing until
    /// ``resumeWriting()``.
    ///
    /// The call comes from inside the `write` that exceeded the limit. Calls to pause and to resume alternate; the
    /// first is a pause.
    func pauseWriting()
    /// Called when the number of pending bytes has fallen to the low limit or below: continue writing.
    func resumeWriting()
}

extension BaseProtocol {
    /// Does nothing.
    public func connectionLost(_ error: (any Error)?) {}
    /// Does nothing.
    public func pauseWriting() {}
    /// Does nothing.
    public func resumeWriting() {}
}
