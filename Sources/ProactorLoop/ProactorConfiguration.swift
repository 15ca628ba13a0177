#if DEBUG
    package import Uring
#endif

/// How a ``ProactorEventLoop`` is set up.
///
/// The defaults serve servers of any size; each is a bound, not a reservation.
public struct ProactorConfiguration: Sendable {
    /// Places in the submission queue; a full queue is submitted, never an error.
    ///
    /// Halved if memory for rings is short.
    public var submissionEntries = 512
    /// Places in the completion queue; what finds no place is kept by the kernel and fetched later.
    public var completionEntries = 4096
    /// Bytes in one receive buffer.
    ///
    /// Buffers that are smaller than messages cost more than anything else here.
    public var receiveBufferSize = 16 * 1024
    /// How many receive buffers the loop lends to the kernel at most: a power of two.
    ///
    /// It begins with up to 256 and doubles them when the kernel runs out, as it does when more connections have
    /// something at once. They take memory once they are used.
    public var receiveBufferCount = 1024
    /// How long to look for completions before sleeping, while waits are short; zero to sleep at once.
    ///
    /// Saves the wake-up, at the price of a busy processor: for few connections that must be answered fast.
    public var spin = Duration.zero

    #if DEBUG
        /// What this machine's kernel shall pretend to lack.
        package var pretence = SetupPretence()
    #endif

    /// Makes the default configuration.
    public init() {}
}
