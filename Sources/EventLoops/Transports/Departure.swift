internal import Kernel

/// A connection in transit between two loops: its descriptor, and what the next transport has to deliver and to send.
struct Departure: Sendable {
    /// Closed when it is released, unless the next transport takes it.
    let descriptor: CarriedDescriptor
    var receiving: StreamRemains
    let sending: SendingRemains
    let isReadingPaused: Bool
    let peerAddress: SocketAddress?
}

/// What a transport's sending half passes to its successor.
struct SendingRemains: Sendable {
    let unsent: [UInt8]
    let limits: WriteBufferLimits
    let mustSendEOF: Bool
    let hasSentEOF: Bool
}
