/// The source location where an object was created, recorded in debug mode.
///
/// asyncio: the last frame of `_source_traceback`.
public final class SourcePlace: Sendable, CustomStringConvertible {
    /// Module and file, in the form of `#fileID`.
    public let file: StaticString
    /// The line, counted from 1.
    public let line: UInt

    package init(_ file: StaticString, _ line: UInt) {
        self.file = file
        self.line = line
    }

    /// File and line, with a colon between them.
    public var description: String {
        "\(file):\(line)"
    }
}
