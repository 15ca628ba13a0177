package import Kernel

/// Makes socket calls to the kernel.
package final class KernelSockets: SocketSystem {
    package static let shared = KernelSockets()

    private init() {}

    package func open(_ family: AddressFamily, type: Int32) throws(Errno) -> Int32 {
        try SocketCalls.open(family, type: type)
    }

    package func close(_ descriptor: Int32) throws(Errno) {
        try Descriptor.close(descriptor)
    }

    package func isOpen(_ descriptor: Int32) -> Bool {
        Descriptor.isOpen(descriptor)
    }

    package func isStream(_ descriptor: Int32) -> Bool {
        SocketCalls.isStream(descriptor)
    }

    package func setNonBlocking(_ descriptor: Int32) throws(Errno) {
        try SocketCalls.setNonBlocking(descriptor)
    }

    package func bind(_ descriptor: Int32, to address: SocketAddress) throws(Errno) {
        try SocketCalls.bind(descriptor, to: address)
    }

    package func connect(_ descriptor: Int32, to address: SocketAddress) throws(Errno) {
        try SocketCalls.connect(descriptor, to: address)
    }

    package func pendingError(_ descriptor: Int32) throws(Errno) -> Errno? {
        try SocketCalls.pendingError(descriptor)
    }

    package func listen(_ descriptor: Int32, backlog: Int) throws(Errno) {
        try SocketCalls.listen(descriptor, backlog: backlog)
    }

    package func option(_ descriptor: Int32, level: Int32, name: Int32) throws(Errno) -> Int32 {
        try SocketCalls.option(descriptor, level: level, name: name)
    }

    package func setOption(_ descriptor: Int32, level: Int32, name: Int32, _ value: Int32) throws(Errno) {
        try SocketCalls.setOption(descriptor, level: level, name: name, value)
    }

    package func localAddress(_ descriptor: Int32) throws(Errno) -> SocketAddress {
        try SocketCalls.localAddress(descriptor)
    }

    package func peerAddress(_ descriptor: Int32) throws(Errno) -> SocketAddress {
        try SocketCalls.peerAddress(descriptor)
    }

    package func isNonBlocking(_ descriptor: Int32) throws(Errno) -> Bool {
        try SocketCalls.isNonBlocking(descriptor)
    }

    package func receive(_ descriptor: Int32, into buffer: UnsafeMutableRawBufferPointer) throws(Errno) -> Int {
        try SocketCalls.receive(descriptor, into: buffer, waits: false)
    }

    package func receiveFrom(
        _ descriptor: Int32, into buffer: UnsafeMutableRawBufferPointer
    ) throws(Errno) -> (count: Int, address: SocketAddress) {
        try SocketCalls.receiveFrom(descriptor, into: buffer)
    }

    package func send(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) throws(Errno) -> Int {
        try SocketCalls.send(descriptor, bytes, waits: false)
    }

    package func sendTo(
        _ descriptor: Int32, _ bytes: UnsafeRawBufferPointer, to address: SocketAddress
    ) throws(Errno) -> Int {
        try SocketCalls.sendTo(descriptor, bytes, to: address)
    }

    package func accept(_ descriptor: Int32) throws(Errno) -> (descriptor: Int32, address: SocketAddress) {
        try SocketCalls.accept(descriptor)
    }
}
