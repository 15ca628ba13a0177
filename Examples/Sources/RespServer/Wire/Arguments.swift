/// The words of one command, its name first; lent until the command has been executed.
struct Arguments {
    /// Where a word is, counted from the start of the memory.
    struct Word {
        let start: Int
        let count: Int
    }

    private let memory: UnsafeRawPointer
    private let words: UnsafePointer<Word>
    let count: Int

    init(_ memory: UnsafeRawPointer, _ words: UnsafePointer<Word>, count: Int) {
        self.memory = memory
        self.words = words
        self.count = count
    }

    subscript(index: Int) -> Bytes {
        precondition(0..<count ~= index)
        let word = words[index]
        return Bytes(start: memory + word.start, count: word.count)
    }

    func integer(_ index: Int) throws(CommandError) -> Int {
        guard let number = self[index].integer else { throw .notAnInteger }
        return number
    }

    func copied(_ index: Int) -> [UInt8] {
        Array(self[index])
    }
}

/// A copy of the words of a command, to be executed later.
struct KeptArguments {
    private let bytes: [UInt8]
    private let words: [Arguments.Word]

    init(_ arguments: Arguments) {
        var bytes: [UInt8] = []
        var words: [Arguments.Word] = []
        for index in 0..<arguments.count {
            let word = arguments[index]
            words.append(Arguments.Word(start: bytes.count, count: word.count))
            bytes.append(contentsOf: word)
        }
        self.bytes = bytes
        self.words = words
    }

    /// Bytes of memory.
    var size: Int { bytes.count + words.count * MemoryLayout<Arguments.Word>.stride }

    func lend(_ body: (Arguments) -> Void) {
        bytes.withUnsafeBytes { bytes in
            words.withUnsafeBufferPointer { words in
                body(Arguments(bytes.baseAddress!, words.baseAddress!, count: words.count))
            }
        }
    }
}
