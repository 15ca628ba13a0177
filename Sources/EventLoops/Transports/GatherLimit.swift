package import Glibc

/// How much one send takes.
package enum GatherLimit {
    /// Runs that one send takes at most.
    ///
    /// The kernel's own limit is 1024.
    @inlinable
    package static var runs: Int { 64 }
    /// Bytes that one send takes at most.
    ///
    /// A send completes when the kernel has all of it: in smaller steps its owner learns in time that more may be
    /// written.
    @inlinable
    package static var bytes: Int { 256 * 1024 }

    /// Cuts a description to the limit, and returns the number of runs that are left, and of their bytes.
    @inlinable
    package static func bounded(_ vectors: UnsafeMutablePointer<iovec>, _ count: Int) -> (runs: Int, bytes: Int) {
        var left = bytes
        for index in 0..<count {
            if vectors[index].iov_len >= left {
                vectors[index].iov_len = left
                return (index + 1, bytes)
            }
            left -= vectors[index].iov_len
        }
        return (count, bytes - left)
    }
}
