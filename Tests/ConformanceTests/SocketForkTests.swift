import EventLoops
import Glibc
import Kernel
import Proactor
import TestSupport
import Testing

extension Conformance {
    @Suite struct SocketForking {
        /// SOCK-022, POLICY-011.
        ///
        /// A child cannot use its parent's loop, but it can close its copy of a socket that the loop is using.
        @Test(arguments: LoopKind.allCases)
        func child_mayCloseASocketThatItsParentUses(_ kind: LoopKind) async {
            await #expect(processExitsWith: .success) { [kind] in
                try await runLoop(.kind(kind)) { loop in
                    let (socket, peer) = try Socket.pair()
                    let receiving = loop.createTask { try await loop.sockRecv(socket, 10) }
                    try await loop.turns()
                    let child = forkProcess()
                    if child == 0 {
                        let number = socket.fileDescriptor
                        let isRefused = (try? socket.closeInChild(loop)) == true
                        _exit(isRefused && !Descriptor.isOpen(number) ? 0 : 1)
                    }
                    var status: Int32 = -1
                    #expect(waitpid(child, &status, 0) == child)
                    #expect(status == 0)
                    try peer.sendNow([1])
                    #expect(try await receiving.value == [1])
                }
            }
        }
    }
}

extension Socket {
    /// Closes the socket; returns whether the parent's loop refuses to watch it.
    fileprivate func closeInChild(_ loop: any AbstractEventLoop) throws -> Bool {
        defer { close() }
        do { try loop.addReader(self) {} } catch { return error.code == .forkedChild }
        return false
    }
}
