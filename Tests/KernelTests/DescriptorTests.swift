import CLinux
import Glibc
import Testing

@testable import Kernel

struct DescriptorTests {
    @Test func duplicate_outlivesTheOriginal() throws {
        let event = try EventDescriptor()
        let copy = try Descriptor.duplicate(event.fd)
        #expect(copy != event.fd)
        #expect(fcntl(copy, F_GETFD) & FD_CLOEXEC != 0)
        event.close()
        #expect(Descriptor.isOpen(copy))
        try Descriptor.close(copy)
    }

    @Test func close_ofAClosedDescriptor_throws() {
        #expect(!Descriptor.isOpen(-1))
        #expect(throws: Errno.badFileDescriptor) { try Descriptor.close(-1) }
        #expect(throws: Errno.badFileDescriptor) { try Descriptor.duplicate(-1) }
    }

    @Test func event_isReadable_untilDrained() throws {
        let event = try EventDescriptor()
        defer { event.close() }
        #expect(!isReadable(event))
        event.signal()
        event.signal()
        #expect(isReadable(event))
        try event.drain()
        #expect(!isReadable(event))
        #expect(throws: Errno.resourceTemporarilyUnavailable) { try event.drain() }
    }

    @Test func signal_ofAFullEvent_doesNotBlock() throws {
        let event = try EventDescriptor()
        defer { event.close() }
        var most = UInt64.max - 1
        #expect(write(event.fd, &most, 8) == 8)
        event.signal()
        #expect(isReadable(event))
    }

    @Test func event_wakesABlockedReader() async throws {
        let event = try EventDescriptor(nonblocking: false)
        defer { event.close() }
        #expect(fcntl(event.fd, F_GETFL) & O_NONBLOCK == 0)
        async let woken: Void = try event.drain()
        event.signal()
        try await woken
        #expect(!isReadable(event))
    }

    private func isReadable(_ event: EventDescriptor) -> Bool {
        var wait = pollfd(fd: event.fd, events: Int16(POLLIN), revents: 0)
        return poll(&wait, 1, 0) == 1
    }
}
