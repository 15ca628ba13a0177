package import Kernel
internal import Uring

/// Whether this process may use io_uring: checked once, by making the smallest ring.
package enum RingDenial {
    /// The error with which io_uring is denied; nil if it may be used.
    ///
    /// Only errors that sandboxes, sysctls and limits cause: with any other error, the ring tests run and fail.
    package static let errno: Errno? = {
        do throws(RingError) {
            try Ring(RingConfiguration(entries: 1, completionEntries: 2)).close()
            return nil
        } catch {
            return answers.contains(error.errno) ? error.errno : nil
        }
    }()

    private static let answers: Set<Errno> = [.notPermitted, .permissionDenied, .noFunction, .noMemory]
}
