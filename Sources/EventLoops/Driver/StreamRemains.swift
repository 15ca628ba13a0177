package import Kernel

/// What a released channel leaves to the next channel of the same connection, which may belong to another loop.
package struct StreamRemains: Sendable {
    /// Bytes that were received and that no owner has taken.
    package var unread: [UInt8] = []
    /// The error that broke the connection, if no owner has been notified of it.
    ///
    /// The kernel reports an error once, but the end of the stream at every receive.
    package var failure: Errno?
    /// Whether bytes were sent.
    package var hasSent = false

    package init() {}
}
