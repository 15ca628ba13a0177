/// Addresses of Unix sockets: paths, abstract names, and unnamed sockets.
///
/// Source: `unix(7)`.
extension SocketAddress {
    /// Makes the address of a Unix socket.
    ///
    /// - Parameter unixPath: A path of at most 107 bytes, or an abstract name that starts with a NUL, of at most 108
    ///   bytes. If it is empty, the address is unnamed: the kernel chooses an abstract name when a socket is bound to
    ///   it.
    /// - Throws: `.nameTooLong` if it does not fit; `.invalidArgument` for a path that contains a NUL.
    public init(unixPath: String) throws(Errno) {
        self.init(.unix(try UnixName(Array(unixPath.utf8))))
    }

    /// Makes the address of a Unix socket from bytes, which need not be UTF-8.
    ///
    /// - Parameter unixPath: Like the text of ``init(unixPath:)-(String)``.
    /// - Throws: `.nameTooLong` if it does not fit; `.invalidArgument` for a path that contains a NUL.
    public init(unixPath: [UInt8]) throws(Errno) {
        self.init(.unix(try UnixName(unixPath)))
    }

    /// Makes the address of a Unix socket from a C string.
    ///
    /// For types of other modules that represent paths, such as `FilePath` of swift-system and `URL` of Foundation:
    ///
    ///     try path.withPlatformString { try SocketAddress(unixPathCString: $0) }
    ///
    /// - Parameter unixPathCString: A path that ends with a NUL, of at most 107 bytes without it.
    /// - Throws: `.nameTooLong` if it does not fit.
    public init(unixPathCString: UnsafePointer<CChar>) throws(Errno) {
        var bytes: [UInt8] = []
        while unixPathCString[bytes.count] != 0 { bytes.append(UInt8(bitPattern: unixPathCString[bytes.count])) }
        self.init(.unix(try UnixName(bytes)))
    }

    /// Makes an abstract address, which exists only while a socket is bound to it and has no file.
    ///
    /// Any process in the same network namespace can connect to it: permissions do not apply.
    ///
    /// - Parameter abstractName: At most 107 bytes, which may contain NULs, without the NUL that marks it as abstract.
    /// - Throws: `.nameTooLong` if it does not fit.
    public init(abstractName: [UInt8]) throws(Errno) {
        self.init(.unix(try UnixName([0] + abstractName)))
    }

    /// Makes an abstract address from text.
    ///
    /// - Parameter abstractName: At most 107 bytes of UTF-8, without the NUL that marks it as abstract.
    /// - Throws: `.nameTooLong` if it does not fit.
    public init(abstractName: String) throws(Errno) {
        try self.init(abstractName: Array(abstractName.utf8))
    }

    /// The address of Unix sockets without a name: binding a socket to it makes the kernel choose an abstract name.
    public static var unnamedUnix: SocketAddress { SocketAddress(.unix(.none)) }

    /// The path, the abstract name with its leading NUL, or "" for an unnamed socket; nil for other families.
    ///
    /// Bytes that are not UTF-8 are replaced: ``unixPathBytes`` has them.
    public var unixPath: String? {
        guard case .unix(let name) = form else { return nil }
        return name.path
    }

    /// The bytes of the path, of the abstract name with its leading NUL, or none for an unnamed socket; nil for other
    /// families.
    public var unixPathBytes: [UInt8]? {
        guard case .unix(let name) = form else { return nil }
        return name.bytes
    }

    /// The path of a socket's file; nil if the address has none.
    package var socketFilePath: [UInt8]? {
        guard case .unix(let name) = form, name.isPath else { return nil }
        return name.bytes
    }
}
