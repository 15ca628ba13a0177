/// What every protocol object can be told by its transport.
///
/// All calls come on the loop's thread.
///
/// asyncio: `asyncio.BaseProtocol`.
public protocol BaseProtocol: AnyObject {
    /// The connection is gone; the last call of all, exactly once, never inside the call that caused it.
    ///
    /// Not called where the loop is closed under its connections: nothing is called on a closed loop.
    ///
    /// - Parameter error: What broke it, or nil after a regular end or an abort of your own.
    func connectionLost(_ error: (any Error)?)
    /// More is waiting to be sent than the high limit allows: stop writing until ``resumeWriting()``.
    ///
    /// Called inside the `write` that crossed the limit. Pause and resume alternate strictly, pause first.
    func pauseWriting()
    /// No more than the low limit is waiting: go on writing.
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
