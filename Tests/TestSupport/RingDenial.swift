internal import Glibc
package import Kernel
internal import Uring

/// Whether this process may use io_uring: checked once, by making the smallest ring.
package enum RingDenial {
    /// The error with which io_uring is denied; nil if it may be used.
    ///
    /// Only errors that sandboxes, sysctls and limits cause: with any other error, the ring tests run and fail.
    /// With `PROACTOR_REQUIRE_RING=1` they do so with every error, because a machine that denies io_uring would
    /// otherwise pass without one test of the ring.
    package static let errno: Errno? = {
        if isRequired { return nil }
        do throws(RingError) {
            try Ring(RingConfiguration(entries: 1, completionEntries: 2)).close()
            return nil
        } catch {
            return answers.contains(error.errno) ? error.errno : nil
        }
    }()

    private static var isRequired: Bool {
        getenv("PROACTOR_REQUIRE_RING").map { String(cString: $0) } == "1"
    }

    private static let answers: Set<Errno> = [.notPermitted, .permissionDenied, .noFunction, .noMemory]
}
