package import Kernel
internal import Uring

/// Whether this process may use io_uring: asked once, with the smallest of rings.
package enum RingDenial {
    /// Why not; nil where it may.
    ///
    /// Only what sandboxes, sysctls and limits answer: with any other error the tests run, and show it.
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
