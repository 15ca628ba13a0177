import Glibc

/// The name of a Unix socket: a path, an abstract name that starts with a NUL, or empty.
struct UnixName: Hashable, Sendable {
    /// The contents of `sun_path`, without the NUL that terminates a path.
    var bytes: [UInt8]

    private static let capacity = MemoryLayout.size(ofValue: sockaddr_un().sun_path)
    private static let offset = MemoryLayout<sockaddr_un>.size - capacity

    /// The name of a socket that has none.
    static let none = UnixName()

    private init() {
        bytes = []
    }

    /// Makes a name.
    ///
    /// Throws `.nameTooLong` if it does not fit, `.invalidArgument` for a path that contains a NUL.
    init(_ bytes: [UInt8]) throws(Errno) {
        self.bytes = bytes
        if bytes.count + (isPath ? 1 : 0) > Self.capacity { throw .nameTooLong }
        if isPath && bytes.contains(0) { throw .invalidArgument }
    }

    /// Reads the kernel's form; `length` is the length of the whole address.
    ///
    /// The kernel terminates paths, but not abstract names, with a NUL that it includes in the length.
    init(_ kernel: sockaddr_un, length: Int) {
        let used = max(0, min(length - Self.offset, Self.capacity))
        bytes = withUnsafeBytes(of: kernel.sun_path) { Array($0.prefix(used)) }
        if isPath { bytes = Array(bytes.prefix { $0 != 0 }) }
    }

    var kernelForm: (form: sockaddr_un, length: socklen_t) {
        var form = sockaddr_un()
        form.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &form.sun_path) { $0.copyBytes(from: bytes) }
        return (form, socklen_t(Self.offset + min(bytes.count + (isPath ? 1 : 0), Self.capacity)))
    }

    var path: String {
        String(decoding: bytes, as: UTF8.self)
    }

    /// As in `ss(8)`: each NUL of an abstract name is shown as "@".
    var description: String {
        isAbstract ? String(decoding: bytes.map { $0 == 0 ? UInt8(ascii: "@") : $0 }, as: UTF8.self) : path
    }

    private var isAbstract: Bool { bytes.first == 0 }

    var isPath: Bool { !bytes.isEmpty && !isAbstract }
}
