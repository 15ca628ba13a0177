public import Kernel

/// An object with a descriptor that a loop can watch.
///
/// Your own types may conform. asyncio: any object with `fileno()`.
public protocol HasFileDescriptor {
    /// The descriptor's number; -1 once it is closed.
    var fileDescriptor: Int32 { get }
}

extension Socket: HasFileDescriptor {}

extension TransportSocket: HasFileDescriptor {}
