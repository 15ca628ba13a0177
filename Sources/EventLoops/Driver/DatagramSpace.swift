package import Kernel

/// The memory that a channel reserves for each datagram of a socket.
package struct DatagramSpace {
    /// The maximum number of datagrams that a channel gathers at once.
    package static let mostGathered = 64

    /// Bytes for the sender's address; any `sockaddr` fits.
    package let name = 128
    /// Bytes for control messages.
    package let control: Int
    /// Bytes for the payload: the longest datagram that is received whole.
    package let payload: Int

    package init(_ family: AddressFamily) {
        // With space for control messages, the kernel would install descriptors that a Unix peer sends.
        control = family == .unix ? 0 : 256
        // A UDP datagram, or a train of segments, is shorter than 64 KiB. asyncio's limit is 256 KiB.
        payload = family == .unix ? 256 * 1024 : 64 * 1024
    }
}
