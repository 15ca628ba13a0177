public import EventLoops
internal import Testing

/// Records the bytes that are received into its own memory.
public final class BufferedRecorder: ProtocolRecorder, BufferedProtocol {
    private let memory: UnsafeMutableRawBufferPointer
    /// How much of the memory to supply next; zero breaks the contract.
    public var size: Int
    /// The size hint of each `getBuffer`.
    public private(set) var hints: [Int] = []
    private var supplied = 0

    /// Makes a recorder with this much memory.
    public init(_ loop: any AbstractEventLoop, size: Int) {
        memory = .allocate(byteCount: max(size, 1), alignment: 16)
        self.size = size
        super.init(loop)
    }

    deinit {
        memory.deallocate()
    }

    /// A factory of recorders with this much memory each.
    public static func sized(_ size: Int) -> @Sendable (any AbstractEventLoop) -> BufferedRecorder {
        { BufferedRecorder($0, size: size) }
    }

    /// Supplies the memory, overwritten.
    public func getBuffer(sizeHint: Int) -> UnsafeMutableRawBufferPointer {
        hints.append(sizeHint)
        supplied = size
        // Overwrites what the last receive left, so that old bytes cannot be mistaken for new ones.
        memory.initializeMemory(as: UInt8.self, repeating: 0xEE)
        return UnsafeMutableRawBufferPointer(rebasing: memory[..<size])
    }

    /// Records the bytes.
    public func bufferUpdated(_ count: Int) {
        guard count <= supplied else {
            Issue.record("\(count) bytes were reported, but memory for \(supplied) was supplied")
            return
        }
        take(UnsafeRawBufferPointer(rebasing: memory[..<count]))
    }
}
