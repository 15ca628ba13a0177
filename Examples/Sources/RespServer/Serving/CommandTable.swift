/// All commands by name.
final class CommandTable {
    /// A name of up to sixteen letters, in lower case, as two numbers, which are cheap to compare.
    private struct Name: Equatable {
        var low: UInt64 = 0
        var high: UInt64 = 0

        init?(_ name: Bytes) {
            guard name.count <= 16 else { return nil }
            for index in 0..<min(8, name.count) { low |= UInt64(name[index].lowercased) << (8 * UInt64(index)) }
            for index in 8..<max(8, name.count) { high |= UInt64(name[index].lowercased) << (8 * UInt64(index - 8)) }
        }

        var slot: Int {
            // The upper bits of a product depend on all bits of the factors.
            Int(truncatingIfNeeded: (low &* 0x9E37_79B9_7F4A_7C15 ^ high &* 0xC2B2_AE3D_27D4_EB4F) >> 54)
        }
    }

    private struct Entry {
        let name: Name
        let command: Command
    }

    private(set) var all: [Command] = []
    /// Memory that is managed by hand, because it is read for every command.
    private let slots: UnsafeMutablePointer<Entry?>
    /// More than twice the number of commands.
    private static let slotCount = 1024

    init(_ commands: [Command]) {
        slots = .allocate(capacity: Self.slotCount)
        slots.initialize(repeating: nil, count: Self.slotCount)
        for command in commands { add(command) }
    }

    deinit {
        slots.deinitialize(count: Self.slotCount)
        slots.deallocate()
    }

    func add(_ command: Command) {
        guard let name = Array(command.name.utf8).lend({ Name($0) }) else {
            preconditionFailure("\(command.name) is too long")
        }
        precondition(2 * all.count < Self.slotCount)
        var slot = name.slot
        while slots[slot] != nil { slot = (slot + 1) % Self.slotCount }
        slots[slot] = Entry(name: name, command: command)
        all.append(command)
    }

    func find(_ name: Bytes) -> Command? {
        guard let name = Name(name) else { return nil }
        var slot = name.slot
        while let entry = slots[slot] {
            if entry.name == name { return entry.command }
            slot = (slot + 1) % Self.slotCount
        }
        return nil
    }
}
