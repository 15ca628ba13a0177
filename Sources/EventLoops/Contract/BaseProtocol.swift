/// The notifications that every protocol object gets from its transport.
///
/// - Thread: All calls are made on the loop's thread.
///
/// asyncio: `asyncio.BaseProtocol`.
public protocol BaseProtocol: AnyObject {
    /// The connection is lost. The last call, made exactly once, and never inside the call that caused it.
    ///
    /// Callbacks that were scheduled before the end run first. Not called if the loop is closed before its connections:
    /// a closed loop calls nothing.
    ///
    /// - Parameter error: What broke the connection; nil after a regular end or an abort by this side.
    func connectionLost(_ error: (any Error)?)
    /// More bytes wait to be sent than the high limit allows: stop writing until ``resumeWriting()``.
    ///
    /// Called inside the `write` that exceeded the limit. Calls to pause and to resume alternate; the first is a pause.
    func pauseWriting()
    /// No more bytes wait than the low limit allows: continue writing.
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
