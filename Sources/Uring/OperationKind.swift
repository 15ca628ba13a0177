import CUring

/// What can be asked of a ring.
///
/// The name is for people, the opcode for the probe.
package enum OperationKind: UInt8, CaseIterable, Sendable {
    case nop
    case accept
    case acceptMultishot
    case receive
    case receiveMultishot
    case send
    case sendMessage
    case connect
    case poll
    case read
    case cancel
    case close

    /// The kernel's name, as in "IORING_OP_RECV (multishot)".
    package var name: String {
        switch self {
        case .nop: "IORING_OP_NOP"
        case .accept: "IORING_OP_ACCEPT"
        case .acceptMultishot: "IORING_OP_ACCEPT (multishot)"
        case .receive: "IORING_OP_RECV"
        case .receiveMultishot: "IORING_OP_RECV (multishot)"
        case .send: "IORING_OP_SEND"
        case .sendMessage: "IORING_OP_SENDMSG"
        case .connect: "IORING_OP_CONNECT"
        case .poll: "IORING_OP_POLL_ADD"
        case .read: "IORING_OP_READ"
        case .cancel: "IORING_OP_ASYNC_CANCEL"
        case .close: "IORING_OP_CLOSE"
        }
    }

    /// The operation's number in a submission entry.
    var opcode: UInt32 {
        switch self {
        case .nop: IORING_OP_NOP.rawValue
        case .accept, .acceptMultishot: IORING_OP_ACCEPT.rawValue
        case .receive, .receiveMultishot: IORING_OP_RECV.rawValue
        case .send: IORING_OP_SEND.rawValue
        case .sendMessage: IORING_OP_SENDMSG.rawValue
        case .connect: IORING_OP_CONNECT.rawValue
        case .poll: IORING_OP_POLL_ADD.rawValue
        case .read: IORING_OP_READ.rawValue
        case .cancel: IORING_OP_ASYNC_CANCEL.rawValue
        case .close: IORING_OP_CLOSE.rawValue
        }
    }

    /// An operation that came to Linux together with this one's flags, which no probe answers for.
    ///
    /// Multishot accept came with SOCKET (5.19), multishot receive with SEND_ZC (6.0).
    var witness: UInt32 {
        switch self {
        case .acceptMultishot: IORING_OP_SOCKET.rawValue
        case .receiveMultishot: IORING_OP_SEND_ZC.rawValue
        default: opcode
        }
    }

    /// Whether a success of this operation is a new descriptor, which someone must close.
    var makesDescriptor: Bool { self == .accept || self == .acceptMultishot }
}
