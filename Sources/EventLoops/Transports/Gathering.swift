/// The bytes that one send takes: so many runs, described in vectors, and the sum of their lengths.
package struct Gathering {
    /// Runs that one send takes at most, and so the room that a list of vectors needs.
    ///
    /// The kernel's own limit is 1024.
    package static let mostRuns = 64
    /// Bytes that one send takes at most.
    ///
    /// A send completes when the kernel has all of it: in smaller steps its owner learns in time that more may be
    /// written.
    static let mostBytes = 256 * 1024

    package var runs = 0
    package var bytes = 0
}
