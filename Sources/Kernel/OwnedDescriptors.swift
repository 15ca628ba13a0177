/// A list of descriptors that are closed with the list, unless they are taken out of it.
///
/// At most ``maxCount`` fit into one message.
public struct OwnedDescriptors: ~Copyable, Sendable {
    /// The maximum number of descriptors in one message: 253.
    ///
    /// Kernel: `SCM_MAX_FD`.
    public static var maxCount: Int { SocketCalls.mostDescriptors }

    private var numbers: [Int32]

    /// Makes an empty list.
    public init() {
        numbers = []
    }

    /// Makes a list of one descriptor.
    ///
    /// - Parameter descriptor: The descriptor, which the list owns from now on.
    public init(_ descriptor: consuming OwnedDescriptor) {
        numbers = [descriptor.detach()]
    }

    /// Makes a list of new descriptors that refer to the files of existing ones.
    ///
    /// - Parameter fileDescriptors: Open descriptors, which their owners keep.
    /// - Throws: `.badFileDescriptor`; `.tooManyOpenFiles`. Then none stays open.
    public init(duplicating fileDescriptors: [Int32]) throws(Errno) {
        var list = OwnedDescriptors()
        for number in fileDescriptors { list.append(try OwnedDescriptor(duplicating: number)) }
        self = list
    }

    /// Takes ownership of descriptors that nothing else closes.
    package init(takingOwnershipOf numbers: [Int32]) {
        self.numbers = numbers
    }

    deinit {
        for number in numbers { try? Descriptor.close(number) }
    }

    /// How many descriptors the list has.
    public var count: Int { numbers.count }

    /// Whether the list has no descriptor.
    public var isEmpty: Bool { numbers.isEmpty }

    /// The numbers of the descriptors, which the list still owns, in order.
    public var fileDescriptors: [Int32] { numbers }

    /// Adds a descriptor at the end.
    ///
    /// - Parameter descriptor: The descriptor, which the list owns from now on.
    public mutating func append(_ descriptor: consuming OwnedDescriptor) {
        numbers.append(descriptor.detach())
    }

    /// Takes the first descriptor out of the list.
    ///
    /// - Returns: The descriptor; nil if the list is empty.
    public mutating func takeFirst() -> OwnedDescriptor? {
        numbers.isEmpty ? nil : OwnedDescriptor(takingOwnershipOf: numbers.removeFirst())
    }

    /// Takes all descriptors out of the list; the caller has to close them.
    package mutating func takeAll() -> [Int32] {
        let taken = numbers
        numbers = []
        return taken
    }
}
