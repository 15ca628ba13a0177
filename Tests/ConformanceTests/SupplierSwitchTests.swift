import EventLoops
import Glibc
import Proactor
import TestSupport
import Testing

extension Conformance {
    /// A BufferedProtocol is replaced while the kernel may be filling its memory.
    @Suite struct SupplierSwitches {
        /// TRANSPORT-053 BUFPROTO-009. The successor takes a part of the bytes and pauses; the former protocol object is
        /// freed, and overwrites its memory, before the rest is delivered.
        @Test(arguments: LoopKind.allCases)
        func rest_isDelivered_whenTheFormerSupplierIsFreed(_ kind: LoopKind) async throws {
            try await withLink(kind) { link in
                let (loop, transport) = (link.loop, link.transport)
                try transport.setProtocol(Poisoning())
                // On the ring, a receive into the former object's memory is in flight from here on.
                try await loop.turns(3)
                let successor = Sipping(transport)
                try transport.setProtocol(successor)
                try await loop.turns(3)
                let bytes = Pattern.bytes(4000)
                try link.peer.send(bytes)
                while successor.received.count < bytes.count {
                    let before = successor.received.count
                    try await loop.eventually("a part is delivered") { successor.received.count > before }
                    try await loop.turns(2)
                    transport.resumeReading()
                }
                expectSame(successor.received, bytes)
                try transport.setProtocol(link.told)
            }
        }

        /// Overwrites its memory when it is freed.
        private final class Poisoning: BufferedProtocol {
            private let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 4096, alignment: 16)

            deinit {
                memset(memory.baseAddress!, 0xDD, memory.count)
                memory.deallocate()
            }

            func getBuffer(sizeHint: Int) -> UnsafeMutableRawBufferPointer { memory }

            func bufferUpdated(_ count: Int) {
                Issue.record("bytes for a protocol object that was replaced before they were sent")
            }
        }

        /// Takes at most 100 bytes, and pauses.
        private final class Sipping: BufferedProtocol {
            private let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 100, alignment: 16)
            private let transport: any StreamTransport
            private(set) var received: [UInt8] = []

            init(_ transport: any StreamTransport) {
                self.transport = transport
            }

            deinit {
                memory.deallocate()
            }

            func getBuffer(sizeHint: Int) -> UnsafeMutableRawBufferPointer { memory }

            func bufferUpdated(_ count: Int) {
                received += memory[..<count]
                transport.pauseReading()
            }
        }
    }
}
