package import EventLoops
internal import Kernel

/// A listener channel that accepts nothing and counts how often it was started and stopped.
package final class FakeListenerChannel: ListenerChannel {
    private let descriptor: Int32
    package private(set) weak var owner: (any ListenerOwner)?
    package private(set) var starts = 0
    package private(set) var stops = 0
    package private(set) var isClosed = false

    init(_ descriptor: Int32, _ owner: any ListenerOwner) {
        self.descriptor = descriptor
        self.owner = owner
    }

    package func startAccepting() {
        starts += 1
    }

    package var isAccepting: Bool { false }

    package func stopAccepting() {
        stops += 1
    }

    package func close() {
        isClosed = true
        try? Descriptor.close(descriptor)
    }
}
