package import Kernel

/// Makes socket calls to the kernel.
package final class KernelSockets: SocketSystem {
    package static let shared = KernelSockets()

    private init() {}

    package func open(_ family: AddressFamily, type: Int32, protocol: Int32) throws(Errno) -> Int32 {
        try SocketCalls.open(family, type: type, protocol: `protocol`)
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

    package func hasForeignListener(at address: SocketAddress) -> Bool {
        ForeignListeners.exist(at: address)
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

    package func option(
        _ descriptor: Int32, level: Int32, name: Int32, bytes count: Int
    ) throws(Errno) -> [UInt8] {
        try SocketCalls.option(descriptor, level: level, name: name, bytes: count)
    }

    package func setOption(_ descriptor: Int32, level: Int32, name: Int32, bytes: [UInt8]) throws(Errno) {
        try SocketCalls.setOption(descriptor, level: level, name: name, bytes: bytes)
    }

    package func receiveMessages(_ descriptor: Int32, into list: MessageList, count: Int) throws(Errno) -> Int {
        try SocketCalls.receiveMessages(descriptor, into: list, count: count)
    }

    package func isShutDownForReading(_ descriptor: Int32) -> Bool {
        SocketCalls.isShutDownForReading(descriptor)
    }

    package func discardQueuedError(_ descriptor: Int32) {
        SocketCalls.discardQueuedError(descriptor)
    }

    package func sendMessages(_ descriptor: Int32, _ list: MessageList, _ part: Range<Int>) throws(Errno) -> Int {
        try SocketCalls.sendMessages(descriptor, list, part)
    }
}

extension KernelSockets: UnixSocketSystem {
    package func fileStatus(_ path: [UInt8]) throws(Errno) -> SocketFile.Status {
        try SocketFile.status(path)
    }

    package func removeFile(_ path: [UInt8]) throws(Errno) {
        try SocketFile.remove(path)
    }

    package func setFilePermissions(_ path: [UInt8], _ permissions: UInt32) throws(Errno) {
        try SocketFile.setPermissions(path, permissions)
    }

    package func limitFilePermissions(of descriptor: Int32, _ permissions: UInt32) throws(Errno) {
        try SocketFile.limitPermissions(descriptor, permissions)
    }

    package func send(
        _ descriptor: Int32, _ vectors: UnsafeMutableRawPointer, count: Int, descriptors: [Int32]
    ) throws(Errno) -> Int {
        try SocketCalls.send(descriptor, vectors, count: count, descriptors: descriptors, waits: false)
    }

    package func receiveDescriptors(
        _ descriptor: Int32, into buffer: UnsafeMutableRawBufferPointer
    ) throws(Errno) -> DescriptorArrival {
        try SocketCalls.receiveDescriptors(descriptor, into: buffer, waits: false)
    }

    package func shutdownWriting(_ descriptor: Int32) throws(Errno) {
        try SocketCalls.shutdownWriting(descriptor)
    }

    package func dropUnread(_ descriptor: Int32, into memory: UnsafeMutableRawBufferPointer) {
        SocketCalls.dropUnread(descriptor, into: memory)
    }
}
