/// The size of one send: the number of runs of bytes, each described by a vector, and their total length.
package struct Gathering {
    /// The maximum number of runs in one send, and thus the length of a list of vectors; the kernel's limit is 1024.
    package static let mostRuns = 64
    /// The maximum number of bytes in one send.
    ///
    /// A send completes when the kernel has taken all of it. With smaller sends, flow control resumes earlier.
    static let mostBytes = 256 * 1024

    package var runs = 0
    package var bytes = 0
}
