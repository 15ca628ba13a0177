/// Copies of datagrams whose owner stopped receiving after the kernel had delivered them.
///
/// At most what one call receives, so their memory is bounded.
struct HeldDatagrams {
    struct Datagram {
        private let bytes: [UInt8]
        private let name: [UInt8]
        private let control: [UInt8]
        private let flags: Int32

        init(_ datagram: borrowing ReceivedDatagram) {
            bytes = Array(datagram.bytes)
            name = Array(datagram.name)
            control = Array(datagram.control)
            flags = datagram.flags
        }

        func lend(_ body: (borrowing ReceivedDatagram) -> Void) {
            bytes.withUnsafeBytes { bytes in
                name.withUnsafeBytes { name in
                    control.withUnsafeBytes { control in
                        body(ReceivedDatagram(bytes: bytes, name: name, control: control, flags: flags))
                    }
                }
            }
        }
    }

    private var datagrams: [Datagram] = []

    var isEmpty: Bool {
        datagrams.isEmpty
    }

    mutating func append(_ datagram: borrowing ReceivedDatagram) {
        datagrams.append(Datagram(datagram))
    }

    mutating func popFirst() -> Datagram? {
        datagrams.isEmpty ? nil : datagrams.removeFirst()
    }

    mutating func removeAll() {
        datagrams = []
    }
}
