import Glibc
import Testing

@testable import Kernel

/// The numbers 0 to 2.
///
/// Each test closes them in a process of its own.
struct StandardDescriptorTests {
    @Test func newDescriptors_areAbove2_ifStandardOnesAreClosed() async {
        await #expect(processExitsWith: .success) {
            for create in creations {
                closeStandard()
                let made = try create()
                #expect(made.allSatisfy { $0 > 2 }, "\(made)")
                for fd in made {
                    #expect(fcntl(fd, F_GETFD) & FD_CLOEXEC != 0)
                    #expect(fcntl(fd, F_GETFL) & O_NONBLOCK != 0)
                    try Descriptor.close(fd)
                }
                #expect((0...2).allSatisfy(isNull), "not occupied once one of them was returned")
            }
        }
    }

    @Test func movedSocket_hasNoOtherDescriptor() async {
        await #expect(processExitsWith: .success) {
            closeStandard()
            let (one, other) = try SocketCalls.pair()
            try Descriptor.close(one)
            var byte: UInt8 = 0
            #expect(recv(other, &byte, 1, 0) == 0, "the only descriptor of the other end was closed")
            try Descriptor.close(other)
        }
    }

    @Test func openStandardDescriptors_areNotTouched() async {
        await #expect(processExitsWith: .success) {
            closeStandard()
            let zero = open("/dev/zero", O_RDWR)
            #expect(dup2(zero, 1) == 1)
            close(zero)
            try Descriptor.occupyStandard()
            #expect(isNull(0) && isNull(2) && !isNull(1))
            #expect(fcntl(0, F_GETFD) & FD_CLOEXEC == 0, "executed programs do not inherit them")
            let before = Descriptor.openCount()
            try Descriptor.occupyStandard()
            #expect(Descriptor.openCount() == before)
        }
    }

    @Test func creationAtTheDescriptorLimit_throws_andLeavesStandardDescriptors() async {
        await #expect(processExitsWith: .success) {
            let limit = try DescriptorLimit.current().soft
            for create in creations {
                let listener = try listen()
                let client = try Socket(family: .ipv4)
                try? client.connect(to: listener.localAddress)
                closeStandard()
                try DescriptorLimit.setSoft(3)
                #expect(throws: Errno.tooManyOpenFiles) { try create() }
                #expect(throws: Errno.tooManyOpenFiles) { try SocketCalls.acceptDescriptor(listener.fileDescriptor) }
                try Descriptor.occupyStandard()
                try DescriptorLimit.setSoft(limit)
                #expect((0...2).allSatisfy(isNull))
            }
        }
    }
}

/// Every function of this module that returns new descriptors.
private let creations: [@Sendable () throws -> [Int32]] = [
    { [try SocketCalls.open(.ipv4, type: Socket.stream)] },
    {
        let (one, other) = try SocketCalls.pair()
        return [one, other]
    },
    { [try EventDescriptor().fd] },
    { [try accepted { try SocketCalls.accept($0).0 }] },
    { [try accepted { try SocketCalls.acceptDescriptor($0) }] },
    {
        let event = try EventDescriptor()
        defer { event.close() }
        return [try Descriptor.duplicate(event.fd)]
    },
]

private func listen() throws -> Socket {
    let listener = try Socket(family: .ipv4)
    try listener.bind(to: SocketAddress(ipAddress: "127.0.0.1", port: 0))
    try listener.listen()
    return listener
}

private func accepted(_ accept: (Int32) throws -> Int32) throws -> Int32 {
    let listener = try listen()
    let client = try Socket(family: .ipv4)
    try? client.connect(to: listener.localAddress)
    closeStandard()
    return try accept(listener.fileDescriptor)
}

private func closeStandard() {
    for fd in Int32(0)...2 { close(fd) }
}

private func isNull(_ fd: Int32) -> Bool {
    var (found, null) = (stat(), stat())
    guard fstat(fd, &found) == 0, stat("/dev/null", &null) == 0 else { return false }
    return found.st_rdev == null.st_rdev && found.st_mode & S_IFMT == S_IFCHR
}
