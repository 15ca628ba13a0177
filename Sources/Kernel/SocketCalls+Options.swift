import Glibc

extension SocketCalls {
    /// Sets an integer option.
    ///
    /// Kernel: `setsockopt(2)`.
    package static func setOption(_ fd: Int32, level: Int32, name: Int32, _ value: Int32) throws(Errno) {
        var value = value
        let length = socklen_t(MemoryLayout<Int32>.size)
        try SystemCall.nothing { setsockopt(fd, level, name, &value, length) }
    }

    /// Reads an integer option.
    ///
    /// Kernel: `getsockopt(2)`.
    package static func option(_ fd: Int32, level: Int32, name: Int32) throws(Errno) -> Int32 {
        var value: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        try SystemCall.nothing { getsockopt(fd, level, name, &value, &length) }
        return value
    }

    /// Sets an option that is not an integer.
    ///
    /// Kernel: `setsockopt(2)`.
    package static func setOption(_ fd: Int32, level: Int32, name: Int32, bytes: [UInt8]) throws(Errno) {
        try SystemCall.nothing { setsockopt(fd, level, name, bytes, socklen_t(bytes.count)) }
    }

    /// Reads an option that is not an integer, up to `count` bytes.
    ///
    /// Kernel: `getsockopt(2)`.
    package static func option(_ fd: Int32, level: Int32, name: Int32, bytes count: Int) throws(Errno) -> [UInt8] {
        var value = [UInt8](repeating: 0, count: count)
        var length = socklen_t(count)
        try SystemCall.nothing { getsockopt(fd, level, name, &value, &length) }
        return Array(value.prefix(Int(length)))
    }

    /// Fetches and clears the socket's pending error, such as that of a failed connect; nil if there is none.
    ///
    /// Kernel: `SO_ERROR`.
    package static func pendingError(_ fd: Int32) throws(Errno) -> Errno? {
        let value = try option(fd, level: SOL_SOCKET, name: SO_ERROR)
        return value == 0 ? nil : Errno(rawValue: value)
    }

    /// Makes the open file nonblocking or blocking, for all descriptors that refer to it.
    ///
    /// Kernel: `F_SETFL`.
    package static func setNonBlocking(_ fd: Int32, _ value: Bool = true) throws(Errno) {
        let flags = try SystemCall.value { fcntl(fd, F_GETFL) }
        let wanted = value ? flags | O_NONBLOCK : flags & ~O_NONBLOCK
        if wanted != flags { try SystemCall.nothing { fcntl(fd, F_SETFL, wanted) } }
    }

    /// Whether calls on the descriptor return at once instead of waiting.
    ///
    /// Kernel: `F_GETFL`.
    package static func isNonBlocking(_ fd: Int32) throws(Errno) -> Bool {
        try SystemCall.value { fcntl(fd, F_GETFL) } & O_NONBLOCK != 0
    }

    /// Whether the descriptor is a stream socket; false if it is no socket at all.
    ///
    /// Kernel: `SO_TYPE`.
    package static func isStream(_ fd: Int32) -> Bool {
        (try? option(fd, level: SOL_SOCKET, name: SO_TYPE)) == Int32(SOCK_STREAM.rawValue)
    }
}
