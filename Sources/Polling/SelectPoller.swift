internal import CLinux
internal import Glibc
package import Kernel

/// Waits with `select(2)`, which takes sets of bits; here without the C library's limit of 1024 descriptors.
package final class SelectPoller: Poller {
    /// One bit per descriptor.
    private struct Bits {
        var words: [UInt] = []

        mutating func set(_ descriptor: Int, _ isIn: Bool) {
            let (word, bit) = (descriptor / UInt.bitWidth, UInt(1) << UInt(descriptor % UInt.bitWidth))
            if isIn { words[word] |= bit } else { words[word] &= ~bit }
        }
    }

    private var wantedReadable = Bits()
    private var wantedWritable = Bits()
    private var tags: [UInt64] = []
    private var found = ReadyList()

    package init() {}

    package func change(
        _ descriptor: Int32, from old: Readiness, to new: Readiness, tag: UInt64
    ) throws(Errno) {
        let index = Int(descriptor)
        if new.isEmpty, index >= tags.count { return }
        if !new.isEmpty {
            guard Descriptor.isOpen(descriptor) else { throw .badFileDescriptor }
            grow(for: index)
        }
        wantedReadable.set(index, new.isReadable)
        wantedWritable.set(index, new.isWritable)
        tags[index] = tag
    }

    private func grow(for index: Int) {
        guard index >= tags.count else { return }
        let words = index / UInt.bitWidth + 1
        let missing = words - wantedReadable.words.count
        wantedReadable.words += Array(repeating: 0, count: missing)
        wantedWritable.words += Array(repeating: 0, count: missing)
        tags += Array(repeating: 0, count: words * UInt.bitWidth - tags.count)
    }

    @discardableResult
    package func wait(_ timeout: Int64, _ body: (UInt64, Readiness) -> Void) throws(Errno) -> Int {
        var readable = wantedReadable.words
        var writable = wantedWritable.words
        do throws(Errno) {
            let bound = Int32(tags.count)
            let count = try SystemCall.once(.select) { cl_select(bound, &readable, &writable, timeout) }
            guard count > 0 else { return 0 }
        } catch {
            switch error {
            case .interrupted: return 0
            case .badFileDescriptor: (readable, writable) = closedDescriptors()
            default: throw error
            }
        }
        collect(readable, writable)
        return found.report(to: body)
    }

    private func collect(_ readable: [UInt], _ writable: [UInt]) {
        for word in readable.indices {
            var left = readable[word] | writable[word]
            while left != 0 {
                let bit = left & ~(left - 1)
                let index = word * UInt.bitWidth + left.trailingZeroBitCount
                left &= left - 1
                found.append(
                    tags[index], Readiness(readable: readable[word] & bit != 0, writable: writable[word] & bit != 0))
            }
        }
    }

    /// The watched descriptors that are closed.
    ///
    /// A single one makes the kernel refuse the whole call; the next wait reports the open ones.
    private func closedDescriptors() -> (readable: [UInt], writable: [UInt]) {
        var (readable, writable) = (Bits(words: wantedReadable.words), Bits(words: wantedWritable.words))
        for index in tags.indices {
            let word = index / UInt.bitWidth
            guard (readable.words[word] | writable.words[word]) >> UInt(index % UInt.bitWidth) & 1 != 0 else {
                continue
            }
            guard Descriptor.isOpen(Int32(index)) else { continue }
            readable.set(index, false)
            writable.set(index, false)
        }
        return (readable.words, writable.words)
    }

    package func close() {
        wantedReadable.words = []
        wantedWritable.words = []
        tags = []
    }
}
