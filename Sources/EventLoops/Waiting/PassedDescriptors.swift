package import Kernel

/// The descriptors of an operation on a socket.
package final class PassedDescriptors {
    /// The descriptors to send, which belong to the caller.
    package var outgoing: [Int32] = []
    /// What a receive has found: if it is not taken, its descriptors are closed.
    package private(set) var arrival = DescriptorArrival()

    package init() {}

    /// Keeps what a receive has found, instead of what an earlier one found that was not taken.
    package func store(_ new: DescriptorArrival) {
        arrival.drop()
        arrival = new
    }

    deinit {
        arrival.drop()
    }

    /// Takes what a receive has found; the caller has to close its descriptors.
    package func takeArrival() -> DescriptorArrival {
        let taken = arrival
        // Not dropped, because the caller has them now.
        arrival.descriptors = []
        return taken
    }
}
