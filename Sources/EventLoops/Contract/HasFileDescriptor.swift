public import Kernel

/// What has a descriptor that a loop can watch.
///
/// Types of your own may conform. asyncio: any object with `fileno()`.
public protocol HasFileDescriptor {
    /// The descriptor's number; -1 once it is closed.
    var fileDescriptor: Int32 { get }
}

extension Socket: HasFileDescriptor {}

extension TransportSocket: HasFileDescriptor {}
