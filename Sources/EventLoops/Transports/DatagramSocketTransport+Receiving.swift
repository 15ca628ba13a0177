internal import Kernel

extension DatagramSocketTransport {
    func deliver(_ datagram: borrowing ReceivedDatagram) {
        let info = DatagramInfo(control: datagram.control, flags: datagram.flags)
        let (bytes, sender) = (datagram.bytes, datagram.sender)
        withWiring { wiring in
            // Not through `upcall`: the compiler would retain what its closure captures.
            if !core.isObserved { return wiring.receiver.datagramReceived(bytes.bytes, from: sender, info: info) }
            let receiver = wiring.receiver
            core.upcall(ActivityName("datagramReceived", of: receiver)) {
                receiver.datagramReceived(bytes.bytes, from: sender, info: info)
            }
        }
    }

    /// Calls `errorReceived`.
    func notify(_ errno: Errno, _ operation: String, _ address: SocketAddress?) {
        guard state == .open || state == .flushing else { return }
        let error =
            if let address { EventLoopError(system: errno, operation, address: address) } else {
                EventLoopError(system: errno, operation)
            }
        core.note(.debug, "\(self): \(error)")
        let receiver = datagramProtocol
        core.upcall(ActivityName("errorReceived", of: receiver)) { receiver.errorReceived(error) }
    }
}
