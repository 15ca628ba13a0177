internal import Kernel

/// One listening socket of a server: accepts, and waits a while when the system is out of descriptors or memory.
final class Listener: ListenerOwner, CustomStringConvertible {
    /// How long accepting pauses when the system is short of something.
    ///
    /// asyncio: `ACCEPT_RETRY_DELAY`.
    private static let retryDelay = Duration.seconds(1)

    let descriptor: Int32
    private let core: LoopCore
    private weak var server: (any AcceptTarget)?
    private var channel: (any ListenerChannel)?
    private var retry: TimerHandle?

    init(core: LoopCore, descriptor: Int32, server: any AcceptTarget) {
        self.core = core
        self.descriptor = descriptor
        self.server = server
    }

    func start() {
        let channel = core.channels.makeListenerChannel(descriptor, owner: self)
        self.channel = channel
        channel.startAccepting()
    }

    func close() {
        retry?.cancel()
        if let channel {
            channel.close()
            self.channel = nil
        } else {
            try? Descriptor.close(descriptor)
        }
    }

    func accepted(_ descriptor: Int32) {
        if channel != nil, let server {
            server.serve(descriptor)
        } else {
            // It came in between the server's closing and the kernel's hearing of it: nobody is there to serve it.
            try? Descriptor.close(descriptor)
        }
    }

    func acceptFailed(_ errno: Errno) {
        guard let channel else { return }
        switch errno {
        case .connectionAborted, .interrupted, .resourceTemporarilyUnavailable:
            // The peer gave up before it was accepted: nothing of ours is wrong.
            channel.startAccepting()
        case .tooManyOpenFiles, .tooManyOpenFilesInSystem, .noBufferSpace, .noMemory:
            report("accept: out of system resource", errno)
            retry = core.callAt(core.now.advanced(by: Self.retryDelay)) { [weak self] in self?.channel?.startAccepting()
            }
        default:
            report("Accept failed on a socket", errno)
            retry = core.callAt(core.now.advanced(by: Self.retryDelay)) { [weak self] in self?.channel?.startAccepting()
            }
        }
    }

    /// The server is what people know.
    var description: String {
        server.map { "\($0)" } ?? "<Listener fd=\(descriptor)>"
    }

    private func report(_ message: String, _ errno: Errno) {
        let address = TransportSocket(descriptor).localAddress
        var context = ExceptionContext(
            message: message, error: EventLoopError(system: errno, "accept", address: address?.description))
        context.socket = descriptor
        core.exceptions.report(context)
    }
}

/// Who serves the connections that listeners accept.
protocol AcceptTarget: AnyObject {
    func serve(_ descriptor: Int32)
}
