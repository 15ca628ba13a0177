import Foundation

/// Reads lines from a descriptor, with a time limit.
final class LineReader {
    /// Seconds to wait; generous, because the machine may be busy.
    static let patience = 30.0

    private let handle: FileHandle
    private var buffer: [UInt8] = []

    init(_ handle: FileHandle) {
        self.handle = handle
    }

    /// The next line without its newline; nil at the end.
    func line() throws -> String? {
        while true {
            if let end = buffer.firstIndex(of: UInt8(ascii: "\n")) {
                let line = String(decoding: buffer[..<end], as: UTF8.self)
                buffer.removeSubrange(...end)
                return line
            }
            guard try more() else { return nil }
        }
    }

    /// Everything up to the end.
    func rest() throws -> String {
        while try more() {}
        return String(decoding: buffer, as: UTF8.self)
    }

    private func more() throws -> Bool {
        guard let bytes = try Waiting.read(handle.fileDescriptor) else { return false }
        buffer += bytes
        return true
    }
}

/// Blocking calls with a time limit.
enum Waiting {
    /// The bytes that can be read; nil at the end, or after a reset.
    static func read(_ descriptor: Int32, within seconds: Double = LineReader.patience) throws -> [UInt8]? {
        guard isReadable(descriptor, within: seconds) else { throw Failure("nothing arrived within \(seconds) s") }
        var count = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: 1 << 16) { buffer, initialized in
            count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
            initialized = max(0, count)
        }
        guard count >= 0 || errno == ECONNRESET else { throw Failure("read: \(String(cString: strerror(errno)))") }
        return count > 0 ? bytes : nil
    }

    static func isReadable(_ descriptor: Int32, within seconds: Double) -> Bool {
        isReady(descriptor, POLLIN, within: seconds)
    }

    static func isReady(_ descriptor: Int32, _ event: Int32, within seconds: Double) -> Bool {
        var entry = pollfd(fd: descriptor, events: Int16(event), revents: 0)
        return poll(&entry, 1, Int32(seconds * 1000)) == 1
    }
}
