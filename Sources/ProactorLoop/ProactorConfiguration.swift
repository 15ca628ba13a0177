#if DEBUG
    package import Uring
#endif

/// The configuration of a ``ProactorEventLoop``.
///
/// The defaults suit servers of any size; each value is a limit, not a reservation.
public struct ProactorConfiguration: Sendable {
    /// The size of the submission queue, in entries.
    ///
    /// A full queue is submitted early, and is never an error. The size is halved if memory for rings is short.
    public var submissionEntries = 512
    /// The size of the completion queue; the kernel keeps completions that do not fit until the loop fetches them.
    public var completionEntries = 4096
    /// The size of each receive buffer, in bytes.
    ///
    /// Buffers smaller than the messages are the most costly misconfiguration.
    public var receiveBufferSize = 16 * 1024
    /// The maximum number of receive buffers that the loop gives to the kernel: a power of two.
    ///
    /// The loop starts with up to 256 and doubles the number when the kernel runs out, which happens when more
    /// connections receive data at the same time. A buffer uses memory only after it is first written.
    public var receiveBufferCount = 1024
    /// How long to spin for completions before sleeping, while waits are short; zero to sleep at once.
    ///
    /// Spinning avoids the latency of a wake-up but keeps a processor busy. It suits a small number of connections that
    /// need fast replies.
    public var spin = Duration.zero

    #if DEBUG
        /// Features that tests pretend the kernel lacks.
        package var pretence = SetupPretence()
    #endif

    /// Makes the default configuration.
    public init() {}
}
