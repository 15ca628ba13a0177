package import Kernel

/// The socket calls that a loop makes, to the kernel or to a simulation of it.
///
/// EventLoops makes its socket calls through it alone, so that a simulation can take the kernel's place. Bytes do not
/// pass through here: channels move them. Everything that throws throws the system's error.
///
/// - Thread: Any.
package protocol SocketSystem: AnyObject, Sendable {
    /// Makes a nonblocking socket, `SOCK_…`, that programs started by this process do not inherit.
    func open(_ family: AddressFamily, type: Int32) throws(Errno) -> Int32
    /// Closes a descriptor; its number is free afterwards, even if this throws.
    func close(_ descriptor: Int32) throws(Errno)
    func isOpen(_ descriptor: Int32) -> Bool
    func isStream(_ descriptor: Int32) -> Bool
    func setNonBlocking(_ descriptor: Int32) throws(Errno)
    func bind(_ descriptor: Int32, to address: SocketAddress) throws(Errno)
    /// Starts to connect; usually throws `.nowInProgress`, and ``pendingError(_:)`` is the outcome once it is writable.
    func connect(_ descriptor: Int32, to address: SocketAddress) throws(Errno)
    /// Takes the socket's pending error.
    func pendingError(_ descriptor: Int32) throws(Errno) -> Errno?
    func listen(_ descriptor: Int32, backlog: Int) throws(Errno)
    func option(_ descriptor: Int32, level: Int32, name: Int32) throws(Errno) -> Int32
    func setOption(_ descriptor: Int32, level: Int32, name: Int32, _ value: Int32) throws(Errno)
    func localAddress(_ descriptor: Int32) throws(Errno) -> SocketAddress
    func peerAddress(_ descriptor: Int32) throws(Errno) -> SocketAddress
}
