import Glibc
import Kernel
import Testing

/// A nonblocking pipe, closed on deinit.
final class Pipe {
    private(set) var readEnd: Int32 = -1
    private(set) var writeEnd: Int32 = -1

    init() throws {
        var ends: [Int32] = [-1, -1]
        try SystemCall.nothing { pipe(&ends) }
        for end in ends {
            try SystemCall.nothing { fcntl(end, F_SETFD, FD_CLOEXEC) }
            try SystemCall.nothing { fcntl(end, F_SETFL, O_NONBLOCK) }
        }
        (readEnd, writeEnd) = (ends[0], ends[1])
    }

    deinit {
        closeReadEnd()
        closeWriteEnd()
    }

    /// Writes this number of bytes.
    func write(_ count: Int) {
        Self.write(writeEnd, count)
    }

    static func write(_ descriptor: Int32, _ count: Int) {
        let bytes = [UInt8](repeating: 7, count: count)
        #expect(Glibc.write(descriptor, bytes, count) == count)
    }

    /// Writes until the pipe is full; returns the number of bytes.
    func fill() -> Int {
        let piece = [UInt8](repeating: 7, count: 4096)
        var total = 0
        while true {
            let count = Glibc.write(writeEnd, piece, piece.count)
            if count < 0 { return total }
            total += count
        }
    }

    /// Reads up to this number of bytes; 0 at the end, negative if nothing is available.
    func read(_ count: Int) -> Int {
        Self.read(readEnd, count)
    }

    static func read(_ descriptor: Int32, _ count: Int) -> Int {
        var bytes = [UInt8](repeating: 0, count: count)
        return Glibc.read(descriptor, &bytes, count)
    }

    func closeReadEnd() {
        if readEnd >= 0 { close(readEnd) }
        readEnd = -1
    }

    func closeWriteEnd() {
        if writeEnd >= 0 { close(writeEnd) }
        writeEnd = -1
    }
}

/// Duplicates a descriptor to this number, or to the next free one.
func duplicate(_ descriptor: Int32, wanting number: Int32) throws -> Int32 {
    try SystemCall.value { fcntl(descriptor, F_DUPFD_CLOEXEC, number) }
}
