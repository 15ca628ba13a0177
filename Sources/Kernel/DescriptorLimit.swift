import CLinux
import Glibc

/// The process's limit on descriptors.
///
/// Kernel: `RLIMIT_NOFILE`.
package struct DescriptorLimit: Hashable, Sendable {
    /// The enforced limit: all descriptor numbers are below it.
    package var soft: UInt64
    /// The highest value to which the process may raise ``soft``.
    package var hard: UInt64

    /// The value of ``soft`` or ``hard`` that means that there is no limit.
    package static var unlimited: UInt64 { CL_RLIM_INFINITY }

    /// The current limit.
    ///
    /// Throws the kernel's error. Kernel: `getrlimit(2)`.
    package static func current() throws(Errno) -> DescriptorLimit {
        var limit = rlimit()
        try SystemCall.nothing { getrlimit(resource, &limit) }
        return DescriptorLimit(soft: UInt64(limit.rlim_cur), hard: UInt64(limit.rlim_max))
    }

    /// Sets the enforced limit for the whole process.
    ///
    /// Throws `.invalidArgument` above ``hard``. Kernel: `setrlimit(2)`.
    package static func setSoft(_ soft: UInt64) throws(Errno) {
        var limit = rlimit(rlim_cur: rlim_t(soft), rlim_max: rlim_t(try current().hard))
        try SystemCall.nothing { setrlimit(resource, &limit) }
    }

    private static var resource: __rlimit_resource_t { __rlimit_resource_t(RLIMIT_NOFILE.rawValue) }
}
