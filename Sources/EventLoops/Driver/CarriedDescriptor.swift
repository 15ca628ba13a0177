internal import Synchronization

/// A descriptor in transit between threads; it is closed when this object is released, unless its receiver takes it.
final class CarriedDescriptor: Sendable {
    private let descriptor: Atomic<Int32>
    private let system: any SocketSystem

    init(_ descriptor: Int32, _ system: any SocketSystem) {
        self.descriptor = Atomic(descriptor)
        self.system = system
    }

    deinit {
        let left = take()
        if left >= 0 { try? system.close(left) }
    }

    /// The descriptor; -1 once it was taken.
    var number: Int32 {
        descriptor.load(ordering: .relaxed)
    }

    /// Makes the caller the owner; -1 if there is one already.
    func take() -> Int32 {
        descriptor.exchange(-1, ordering: .acquiringAndReleasing)
    }
}
