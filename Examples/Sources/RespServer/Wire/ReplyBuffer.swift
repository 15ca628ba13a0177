import Glibc

/// Receives the contents of a ``ReplyBuffer``.
protocol ReplySink: AnyObject {
    func write(_ bytes: RawSpan)
    /// Retains the bytes instead of copying them.
    func write(_ bytes: [UInt8])
}

/// Collects the replies to all commands of one read, which are sent with one write.
///
/// All connections share one buffer, because each empties it before its callback returns. Which form a type has is a
/// question of the protocol's version: version 2 has strings, numbers, arrays and errors only.
final class ReplyBuffer {
    /// The version of the protocol that the client has chosen.
    var version = 2
    /// Where large values are written; without one they are copied.
    unowned(unsafe) var sink: (any ReplySink)?
    private(set) var count = 0

    private var memory: UnsafeMutablePointer<UInt8>
    private var capacity = kept
    /// The memory of longer replies is released.
    private static let kept = 2 * Limits.batch

    init() {
        memory = .allocate(capacity: capacity)
    }

    deinit {
        memory.deallocate()
    }

    /// Writes everything and empties the buffer.
    func flush(to sink: any ReplySink) {
        guard count > 0 else { return }
        sink.write(UnsafeBufferPointer(start: memory, count: count).span.bytes)
        removeAll()
    }

    func removeAll() {
        count = 0
        if capacity > Self.kept { replaceMemory(capacity: Self.kept) }
    }

    // MARK: Every version

    func ok() { append("+OK\r\n") }
    func pong() { append("+PONG\r\n") }
    func queued() { append("+QUEUED\r\n") }
    func null() { append(version == 2 ? "$-1\r\n" : "_\r\n") }
    func nullArray() { append(version == 2 ? "*-1\r\n" : "_\r\n") }
    func array(_ count: Int) { header("*", count) }
    func integer(_ number: Int) { header(":", number) }

    func simple(_ text: String) {
        append("+")
        append(text.utf8)
        append("\r\n")
    }

    func error(_ text: String) {
        append("-")
        // A newline would end the reply.
        append(text.utf8.map { $0 == 0x0D || $0 == 0x0A ? 0x20 : $0 })
        append("\r\n")
    }

    @inline(__always)
    func bulk(_ bytes: Bytes) {
        header("$", bytes.count)
        append(bytes)
        append("\r\n")
    }

    func bulk(_ bytes: [UInt8]) {
        guard bytes.count >= Limits.large, let sink else { return bytes.lend { bulk($0) } }
        header("$", bytes.count)
        flush(to: sink)
        sink.write(bytes)
        append("\r\n")
    }

    func bulk(_ text: String) {
        bulk(Array(text.utf8))
    }

    /// A number as a string.
    func bulk(_ number: Int) {
        withUnsafeTemporaryAllocation(byteCount: Decimal.longest, alignment: 1) { memory in
            bulk(Decimal.write(number, into: memory))
        }
    }

    /// A file, after which no newline follows.
    func file(_ bytes: [UInt8]) {
        header("$", bytes.count)
        bytes.lend { append($0) }
    }

    // MARK: Types of version 3, with their forms in version 2

    /// `count` pairs of a key and a value.
    func map(_ count: Int) { version == 2 ? array(2 * count) : header("%", count) }
    func set(_ count: Int) { version == 2 ? array(count) : header("~", count) }
    /// A message that is no reply.
    func push(_ count: Int) { version == 2 ? array(count) : header(">", count) }

    func boolean(_ value: Bool) {
        if version == 2 { return integer(value ? 1 : 0) }
        append(value ? "#t\r\n" : "#f\r\n")
    }

    func double(_ number: Double) {
        let text = number.isInfinite ? Array((number < 0 ? "-inf" : "inf").utf8) : Decimal.bytes(number)
        if version == 2 { return bulk(text) }
        append(",")
        append(text)
        append("\r\n")
    }

    func bigNumber(_ digits: String) {
        if version == 2 { return bulk(digits) }
        append("(")
        append(digits.utf8)
        append("\r\n")
    }

    /// Text that is meant to be read by humans.
    func verbatim(_ text: String) {
        if version == 2 { return bulk(text) }
        header("=", text.utf8.count + 4)
        append("txt:")
        append(text.utf8)
        append("\r\n")
    }

    /// Facts about the reply that follows; version 2 has no form for them.
    func attribute(_ count: Int, _ body: () -> Void) {
        if version == 2 { return }
        header("|", count)
        body()
    }

    // MARK: Bytes

    /// A line of a type and a number.
    @inline(__always)
    private func header(_ type: Unicode.Scalar, _ number: Int) {
        reserve(Decimal.longest + 3)
        memory[count] = UInt8(ascii: type)
        count += 1
        if 0...9 ~= number {
            memory[count] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number)
            count += 1
        } else {
            withUnsafeTemporaryAllocation(byteCount: Decimal.longest, alignment: 1) { digits in
                append(Decimal.write(number, into: digits))
            }
        }
        append("\r\n")
    }

    @inline(__always)
    private func append(_ text: StaticString) {
        append(Bytes(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    private func append(_ bytes: some Sequence<UInt8>) {
        Array(bytes).lend { append($0) }
    }

    @inline(__always)
    private func append(_ bytes: Bytes) {
        guard let source = bytes.baseAddress else { return }
        reserve(bytes.count)
        memcpy(memory + count, source, bytes.count)
        count += bytes.count
    }

    @inline(__always)
    private func reserve(_ more: Int) {
        if capacity - count < more { replaceMemory(capacity: max(2 * capacity, count + more)) }
    }

    @inline(never)
    private func replaceMemory(capacity: Int) {
        let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity)
        larger.update(from: memory, count: count)
        memory.deallocate()
        memory = larger
        self.capacity = capacity
    }
}
