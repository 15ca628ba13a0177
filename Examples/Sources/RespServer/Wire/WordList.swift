/// Where the words of the present command are.
///
/// The memory is managed by hand, because the list is filled and emptied for every command.
final class WordList {
    private(set) var count = 0
    private var capacity = kept
    private var memory: UnsafeMutablePointer<Arguments.Word>
    /// Words to keep memory for; that of longer commands is released.
    private static let kept = 64

    init() {
        memory = .allocate(capacity: capacity)
    }

    deinit {
        memory.deallocate()
    }

    /// The words as arguments; valid until the list is changed.
    func arguments(in bytes: UnsafeRawPointer) -> Arguments {
        Arguments(bytes, memory, count: count)
    }

    @inline(__always)
    func append(_ word: Arguments.Word) {
        if count == capacity { replaceMemory(capacity: 2 * capacity) }
        memory[count] = word
        count += 1
    }

    @inline(__always)
    func removeAll() {
        count = 0
        if capacity > Self.kept { replaceMemory(capacity: Self.kept) }
    }

    @inline(never)
    private func replaceMemory(capacity: Int) {
        let other = UnsafeMutablePointer<Arguments.Word>.allocate(capacity: capacity)
        other.update(from: memory, count: count)
        memory.deallocate()
        memory = other
        self.capacity = capacity
    }
}
