import EventLoops
import Glibc
import Kernel
import Proactor
import TestSupport
import Testing

extension Conformance {
    /// Descriptors that are passed with the bytes of a transport.
    @Suite struct UnixDescriptors {
        /// Both ends of a connection that passes descriptors.
        private struct Link {
            let near: any StreamTransport
            let told: StreamRecorder
            let far: any StreamTransport
            let heard: StreamRecorder

            init(_ loop: any AbstractEventLoop) async throws {
                let (one, other) = try Socket.pair()
                (near, told) = try await loop.createUnixConnection(socket: one, passesDescriptors: true) {
                    StreamRecorder(loop)
                }
                (far, heard) = try await loop.createUnixConnection(socket: other, passesDescriptors: true) {
                    StreamRecorder(loop)
                }
            }

            func end() async throws {
                near.close()
                try await told.waitUntilLost()
                try await heard.waitUntilLost()
            }
        }

        @Test(arguments: LoopKind.allCases)
        func descriptors_arriveNoLaterThanTheirBytes(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let link = try await Link(loop)
                let ends = try (0..<3).map { _ in try WatchedEnd() }
                link.near.write([1, 2])
                try link.near.write([3], descriptors: ends[0].takeList())
                link.near.write([4])
                var two = ends[1].takeList()
                two.append(ends[2].take())
                try link.near.write([5, 6], descriptors: two)
                var seen: [(bytes: Int, descriptors: Int)] = []
                let far = link.far
                link.heard.when = { [unowned heard = link.heard] event in
                    if event == .data, let count = try? far.takeDescriptors().count {
                        seen.append((heard.total, count))
                    }
                }
                try await link.heard.wait { link.heard.total == 6 }
                link.heard.when = { _ in }
                #expect(link.heard.received == [1, 2, 3, 4, 5, 6])
                #expect(seen.map(\.descriptors).reduce(0, +) == 3)
                #expect(seen.first { $0.bytes >= 3 }.map { _ in true } == true)
                var arrived = 0
                for step in seen {
                    arrived += step.descriptors
                    // By then, the byte with which they were sent has arrived.
                    if step.bytes >= 3 { #expect(arrived >= 1) }
                    if step.bytes >= 5 { #expect(arrived == 3) }
                }
                try await link.end()
                #expect(ends.allSatisfy { $0.isReleased })
            }
        }

        @Test(arguments: LoopKind.allCases)
        func descriptors_areTakenInOrder_oneByOne(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let link = try await Link(loop)
                let ends = try (0..<4).map { _ in try WatchedEnd() }
                for end in ends { try link.near.write([9], descriptors: end.takeList()) }
                try await link.heard.wait { link.heard.total == 4 }
                for end in ends {
                    let descriptor = try required(link.far.takeDescriptor())
                    #expect(end.isOther(descriptor.fileDescriptor))
                    #expect(fcntl(descriptor.fileDescriptor, F_GETFD) & FD_CLOEXEC != 0)
                }
                let another = try link.far.takeDescriptor() != nil
                #expect(!another)
                #expect(ends.allSatisfy { $0.isReleased })
                try await link.end()
            }
        }

        /// Writes that wait in the queue keep their descriptors until they are sent.
        @Test(arguments: LoopKind.allCases)
        func descriptors_keepTheirPlace_behindManyBytes(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let link = try await Link(loop)
                link.heard.checksPattern = true
                link.heard.keepsBytes = false
                link.far.pauseReading()
                let size = 50_000
                let ends = try (0..<16).map { _ in try WatchedEnd() }
                for (number, end) in ends.enumerated() {
                    try link.near.write(Pattern.bytes(size, at: number * size), descriptors: end.takeList())
                }
                #expect(link.told.isPaused)
                // Each descriptor can be taken when its first byte has arrived.
                var counts: [(bytes: Int, descriptors: Int)] = []
                var taken = 0
                let far = link.far
                link.heard.when = { [unowned heard = link.heard] event in
                    guard event == .data else { return }
                    taken += (try? far.takeDescriptors().count) ?? 0
                    counts.append((heard.total, taken))
                }
                try await loop.sleep(for: .milliseconds(5))
                link.far.resumeReading()
                try await link.heard.wait { link.heard.total == ends.count * size }
                link.heard.when = { _ in }
                #expect(link.heard.firstWrong == nil)
                #expect(taken == ends.count)
                for step in counts { #expect(step.descriptors >= (step.bytes + size - 1) / size) }
                #expect(link.near.writeBufferSize == 0)
                try await link.end()
                #expect(ends.allSatisfy { $0.isReleased })
            }
        }

        @Test(arguments: LoopKind.allCases)
        func writing_isRefused_withoutBytesOrWithTooManyDescriptors(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let link = try await Link(loop)
                let end = try WatchedEnd()
                expectLoopError(.invalidArgument) { try link.near.write([], descriptors: end.takeList()) }
                #expect(end.isReleased)
                let other = try WatchedEnd()
                do {
                    let given = other.take()
                    let many = [Int32](repeating: given.fileDescriptor, count: 254)
                    expectLoopError(.invalidArgument) {
                        try link.near.write([1], descriptors: OwnedDescriptors(duplicating: many))
                    }
                }
                #expect(other.isReleased)
                #expect(link.near.writeBufferSize == 0)
                try await link.end()
            }
        }

        @Test(arguments: LoopKind.allCases)
        func connectionsThatPassNone_refuse_andCloseWhatArrivesUnasked(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let (one, other) = try Socket.pair()
                let (plain, told) = try await loop.createUnixConnection(socket: one) { StreamRecorder(loop) }
                let end = try WatchedEnd()
                expectLoopError(.notSupported) { try plain.write([1], descriptors: end.takeList()) }
                #expect(end.isReleased)
                expectLoopError(.notSupported) { try plain.takeDescriptors().count }
                expectLoopError(.notSupported) { try plain.takeDescriptor() == nil }
                let unasked = try WatchedEnd()
                _ = try other.sendDescriptors(unasked.takeList(), with: [1, 2])
                try await told.wait { told.received == [1, 2] }
                #expect(unasked.isReleased)
                plain.close()
                try await told.waitUntilLost()
            }
        }

        @Test(arguments: LoopKind.allCases)
        func unsentDescriptors_areClosed_whenTheConnectionIsLost(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                for aborts in [true, false] {
                    let (one, other) = try RawPeer.unixPair()
                    let (near, told) = try await loop.createUnixConnection(socket: one, passesDescriptors: true) {
                        StreamRecorder(loop)
                    }
                    let ends = try (0..<3).map { _ in try WatchedEnd() }
                    near.write([UInt8](repeating: 1, count: 1 << 21))
                    for end in ends { try near.write([2], descriptors: end.takeList()) }
                    // The peer does not read, so the descriptors stay in the queue.
                    try await loop.sleep(for: .milliseconds(2))
                    #expect(!ends.contains { $0.isReleased })
                    if aborts { near.abort() } else { other.close() }
                    try await told.waitUntilLost()
                    #expect(ends.allSatisfy { $0.isReleased })
                    // After the loss, they are closed at once.
                    let late = try WatchedEnd()
                    try near.write([3], descriptors: late.takeList())
                    #expect(late.isReleased)
                    other.close()
                }
            }
        }

        @Test(arguments: LoopKind.allCases)
        func closing_sendsWhatWaits_withItsDescriptors(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let link = try await Link(loop)
                let end = try WatchedEnd()
                link.near.write(Pattern.bytes(500_000))
                try link.near.write([1], descriptors: end.takeList())
                link.near.close()
                try await link.heard.waitUntilLost()
                try await link.told.waitUntilLost()
                #expect(link.heard.total == 500_001)
                // They stay with the transport after the loss.
                do {
                    let descriptor = try required(link.far.takeDescriptor())
                    #expect(end.isOther(descriptor.fileDescriptor))
                }
                #expect(end.isReleased)
            }
        }

        @Test(arguments: LoopKind.allCases)
        func peerThatSendsDescriptorsThatNobodyTakes_losesItsConnection(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let (one, other) = try Socket.pair()
                let (near, told) = try await loop.createUnixConnection(socket: one, passesDescriptors: true) {
                    StreamRecorder(loop)
                }
                let end = try WatchedEnd()
                do {
                    let given = end.take()
                    let many = try OwnedDescriptors(
                        duplicating: [Int32](repeating: given.fileDescriptor, count: 253))
                    for count in 1...5 {
                        _ = try other.sendDescriptors(many, with: [1])
                        if count < 5 { try await told.wait { told.total == count } }
                    }
                }
                try await told.waitUntilLost()
                #expect(told.errno == .overflow)
                #expect(told.total == 4)
                let count = try near.takeDescriptors().count
                #expect(count == 4 * 253)
                #expect(end.isReleased)
            }
        }

        @Test(arguments: LoopKind.allCases)
        func bufferedProtocol_getsTheBytes_ofAConnectionThatPassesDescriptors(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let (one, other) = try RawPeer.unixPair()
                let (near, told) = try await loop.createUnixConnection(socket: one, passesDescriptors: true) {
                    BufferedRecorder(loop, size: 4096)
                }
                let bytes = Pattern.bytes(100_000)
                try other.send(bytes)
                try other.finishSending()
                told.disposition = .keepOpen
                try await told.wait { told.hasEOF }
                #expect(told.received == bytes)
                near.write([1, 2])
                near.writeEOF()
                try await loop.eventually("everything is sent") { near.writeBufferSize == 0 }
                #expect(try other.receive(2) == [1, 2])
                near.close()
                try await told.waitUntilLost()
            }
        }

        @Test(arguments: LoopKind.allCases)
        func streams_passDescriptors(_ kind: LoopKind) async throws {
            try await runUnix(kind) { loop, directory, _ in
                let path = directory.file("s")
                // Sends each descriptor back with the byte that was received with it.
                let server = try await loop.startUnixServer(path: path, passesDescriptors: true) { reader, writer in
                    while let byte = try await reader.read(1).first {
                        try writer.transport.write([byte], descriptors: writer.transport.takeDescriptors())
                    }
                }
                let (reader, writer) = try await loop.openUnixConnection(path: path, passesDescriptors: true)
                for number: UInt8 in 1...3 {
                    let end = try WatchedEnd()
                    do {
                        try writer.transport.write([number], descriptors: end.takeList())
                        #expect(try await reader.readExactly(1) == [number])
                        let descriptor = try required(writer.transport.takeDescriptor())
                        #expect(end.isOther(descriptor.fileDescriptor))
                    }
                    try await loop.eventually("released") { end.isReleased }
                }
                writer.close()
                try await server.closeAndWait()
            }
        }

        @Test(arguments: LoopKind.allCases)
        func closingTheLoop_closesDescriptorsThatWait(_ kind: LoopKind) async throws {
            let ends = try (0..<2).map { _ in try WatchedEnd() }
            try await withLoop(kind) { loop, _ in
                try loop.runUntilComplete {
                    let link = try await Link(loop)
                    link.far.pauseReading()
                    try link.near.write([1], descriptors: ends[0].takeList())
                    try await loop.sleep(for: .milliseconds(2))
                    link.near.write([UInt8](repeating: 1, count: 1 << 21))
                    try link.near.write([1], descriptors: ends[1].takeList())
                }
                try loop.close()
            }
            #expect(ends.allSatisfy { $0.isReleased })
        }
    }
}
