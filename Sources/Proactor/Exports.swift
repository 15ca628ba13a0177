// Users import only Proactor, which re-exports the modules below it. Of Kernel, it re-exports only the types that users
// need, not the system calls.
@_exported public import EventLoops
@_exported public import ProactorLoop
@_exported public import SelectorLoop

@_exported public import struct Kernel.AddressFamily
@_exported public import struct Kernel.AddressInfo
@_exported public import enum Kernel.CongestionMark
@_exported public import struct Kernel.DatagramInfo
@_exported public import struct Kernel.DatagramSendOptions
@_exported public import struct Kernel.DescriptorError
@_exported public import struct Kernel.DescriptorMessage
@_exported public import struct Kernel.Errno
@_exported public import struct Kernel.KeepAlive
@_exported public import struct Kernel.LookupError
@_exported public import struct Kernel.OwnedDescriptor
@_exported public import struct Kernel.OwnedDescriptors
@_exported public import struct Kernel.PeerCredentials
@_exported public import class Kernel.Socket
@_exported public import struct Kernel.SocketAddress
@_exported public import protocol Kernel.SocketOptions
