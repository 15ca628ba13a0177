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

    func delayReceiving() {
        channel.stopReceiving()
        retry.wait(on: core) { [weak self] in
            guard let self else { return }
            retry.end()
            if isReading { channel.startReceiving() }
        }
    }

    /// Calls `errorReceived`.
    func notify(_ errno: Errno, _ operation: String, _ address: SocketAddress?) {
        if let address { return notify(EventLoopError(system: errno, operation, address: address)) }
        notify(EventLoopError(system: errno, operation))
    }

    /// Calls `errorReceived`.
    func notify(_ error: EventLoopError) {
        guard state == .open || state == .flushing else { return }
        core.note(.debug, "\(self): \(error)")
        let receiver = datagramProtocol
        core.upcall(ActivityName("errorReceived", of: receiver)) { receiver.errorReceived(error) }
    }
}
