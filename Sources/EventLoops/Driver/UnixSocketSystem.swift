package import Kernel

/// The calls that only Unix sockets need: on their files, and on messages with descriptors.
package protocol UnixSocketSystem: AnyObject, Sendable {
    /// The status of a socket's file, without following a symbolic link.
    func fileStatus(_ path: [UInt8]) throws(Errno) -> SocketFile.Status
    func removeFile(_ path: [UInt8]) throws(Errno)
    func setFilePermissions(_ path: [UInt8], _ permissions: UInt32) throws(Errno)
    /// Limits the permissions that the file of a socket gets when the socket is bound.
    func limitFilePermissions(of descriptor: Int32, _ permissions: UInt32) throws(Errno)
    /// Sends bytes with descriptors; never waits.
    ///
    /// - Parameter vectors: `count` `iovec`s, untyped, because several modules declare this structure.
    func send(
        _ descriptor: Int32, _ vectors: UnsafeMutableRawPointer, count: Int, descriptors: [Int32]
    ) throws(Errno) -> Int
    /// Receives bytes and the descriptors sent with them; never waits.
    func receiveDescriptors(
        _ descriptor: Int32, into buffer: UnsafeMutableRawBufferPointer
    ) throws(Errno) -> DescriptorArrival
    func shutdownWriting(_ descriptor: Int32) throws(Errno)
    /// Discards bytes that were received and will not be read, so that the peer is not notified of a reset.
    func dropUnread(_ descriptor: Int32, into memory: UnsafeMutableRawBufferPointer)
}
