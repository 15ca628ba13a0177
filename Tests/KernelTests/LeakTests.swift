import Glibc
import Testing

@testable import Kernel

/// Tests that count or limit the descriptors of the process.
///
/// Each runs in a process of its own.
struct LeakTests {
    @Test func kernelObjects_leaveNoDescriptor() async {
        await #expect(processExitsWith: .success) {
            // The resolver keeps nothing open, but may load its modules on first use.
            _ = try AddressLookup.addresses(
                host: "localhost", service: "1", family: .unspecified, type: 0, protocol: 0, flags: 0)
            let before = try await countWhenSettled()
            for _ in 0..<rounds { try useEverything() }
            #expect(Descriptor.openCount() - before < rounds)
        }
    }

    @Test func openCount_followsOpensAndCloses() async {
        await #expect(processExitsWith: .success) {
            let before = try await countWhenSettled()
            #expect(before > 2)
            let events = try (0..<rounds).map { _ throws(Errno) in try EventDescriptor() }
            #expect(abs(Descriptor.openCount() - before - rounds) < rounds / 4)
            #expect(events.allSatisfy { Descriptor.isOpen($0.fd) })
            for event in events { event.close() }
            #expect(abs(Descriptor.openCount() - before) < rounds / 4)
        }
    }

    @Test func descriptorLimit_isEnforced_andRestored() async {
        await #expect(processExitsWith: .success) {
            _ = try await countWhenSettled()
            let limit = try DescriptorLimit.current()
            #expect(limit.soft > 0 && limit.soft <= limit.hard)
            #expect(limit.hard <= DescriptorLimit.unlimited)
            // Only standard input, output and error have lower numbers.
            try DescriptorLimit.setSoft(3)
            #expect(throws: Errno.tooManyOpenFiles) { try Socket(family: .ipv4) }
            #expect(throws: Errno.tooManyOpenFiles) { try EventDescriptor() }
            #expect(throws: Errno.tooManyOpenFiles) { try Socket.pair() }
            #expect(Descriptor.openCount() == -1)
            try DescriptorLimit.setSoft(limit.soft)
            #expect(try DescriptorLimit.current() == limit)
            if limit.hard < DescriptorLimit.unlimited {
                #expect(throws: Errno.invalidArgument) { try DescriptorLimit.setSoft(limit.hard + 1) }
            }
        }
    }
}

/// Enough rounds that a leak stands out from the few descriptors that the runtime itself opens and closes meanwhile.
private let rounds = 20

/// The number of open descriptors, once the runtime has opened most of its own.
private func countWhenSettled() async throws -> Int {
    try await Task.sleep(for: .milliseconds(50))
    return Descriptor.openCount()
}

private func useEverything() throws {
    let listener = try Socket(family: .ipv6)
    try listener.bind(to: SocketAddress(ipAddress: "::1", port: 0))
    try listener.listen()
    let client = try Socket(family: .ipv6)
    try? client.connect(to: listener.localAddress)
    let (server, _) = try listener.accept()
    _ = "\(server)"
    let (one, other) = try Socket.pair()
    one.close()
    try Descriptor.close(other.detach())
    let event = try EventDescriptor()
    try Descriptor.close(Descriptor.duplicate(event.fd))
    event.close()
    _ = try? Socket(family: AddressFamily(rawValue: 99))
    _ = try? listener.accept()
    _ = try? AddressLookup.addresses(
        host: "localhost", service: "none", family: .unspecified, type: 0, protocol: 0, flags: 0)
}
