package import Kernel

/// The descriptors of an operation on a socket.
package final class PassedDescriptors {
    /// The descriptors to send, which belong to the caller.
    package var outgoing: [Int32] = []
    /// What a receive has returned; descriptors that are not taken are closed.
    package private(set) var arrival = DescriptorArrival()

    package init() {}

    /// Stores what a receive has returned; closes untaken descriptors of an earlier one.
    package func store(_ new: DescriptorArrival) {
        arrival.drop()
        arrival = new
    }

    deinit {
        arrival.drop()
    }

    /// Takes what a receive has returned; the caller has to close its descriptors.
    package func takeArrival() -> DescriptorArrival {
        defer { arrival = DescriptorArrival() }
        return arrival
    }
}
