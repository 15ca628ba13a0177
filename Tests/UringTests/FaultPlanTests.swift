#if DEBUG
    import Glibc
    import Kernel
    import TestSupport
    import Testing
    import Uring

    @Suite("Planned faults", .needsRing)
    struct FaultPlanTests {
        private func makeHarness(_ plan: FaultPlan) throws -> RingHarness {
            let harness = try RingHarness()
            harness.ring.faults = plan
            return harness
        }

        @Test func clampedSend_sendsOnlyAPart() throws {
            let plan = FaultPlan()
            plan.inject(.clamp(3), into: .send, .number(2))
            let harness = try makeHarness(plan)
            let pair = try SocketPair()
            let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: 10, alignment: 8)
            defer { bytes.deallocate() }
            bytes.copyBytes(from: 0..<10)
            for (tag, count) in [(1, 10), (2, 3), (3, 10)] as [(UInt64, Int32)] {
                _ = harness.ring.send(pair.left, from: bytes.baseAddress!, count: 10, for: harness.target(tag))
                #expect(try harness.next(tag).result == count)
                #expect(pair.read() == Array(0..<UInt8(count)))
            }
            #expect(plan.strikes == 1)
        }

        @Test func clampedMessage_sendsOnlyAPart_acrossItsPieces() throws {
            let plan = FaultPlan()
            plan.inject(.clamp(5), into: .sendMessage)
            let harness = try makeHarness(plan)
            let pair = try SocketPair()
            let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: 9, alignment: 8)
            defer { bytes.deallocate() }
            bytes.copyBytes(from: 0..<9)
            var vector = (0..<3).map { iovec(iov_base: bytes.baseAddress! + $0 * 3, iov_len: 3) }
            try vector.withUnsafeMutableBufferPointer { pieces in
                var message = msghdr()
                message.msg_iov = pieces.baseAddress
                message.msg_iovlen = 3
                try withUnsafePointer(to: &message) { pointer in
                    _ = harness.ring.sendMessage(pair.left, pointer, for: harness.target(1))
                    let sent = try harness.next(1)
                    #expect(sent.result == 5)
                }
            }
            #expect(pair.read() == [0, 1, 2, 3, 4])
            #expect(vector.map(\.iov_len) == [3, 3, 3])
        }

        @Test func clampedMultishotReceive_isShort_andEnds() throws {
            let plan = FaultPlan()
            plan.inject(.clamp(2), into: .receiveMultishot, .number(1))
            let harness = try makeHarness(plan)
            let buffers = try BufferRing(ring: harness.ring, group: 0, count: 4, size: 64)
            let pair = try SocketPair()
            pair.write([1, 2, 3])
            _ = harness.ring.receiveMultishot(pair.left, group: 0, for: harness.target(1))
            let first = try harness.next(1)
            #expect(first.result == 2)
            #expect(!first.hasMore)
            _ = harness.ring.receiveMultishot(pair.left, group: 0, for: harness.target(2))
            let second = try harness.next(2)
            #expect(second.result == 1)
            #expect(second.hasMore)
            #expect(buffers.address(of: second.buffer).load(as: UInt8.self) == 3)
            try harness.cancel(2)
        }

        @Test func droppedMultishot_endsAfterOneCompletion() throws {
            let plan = FaultPlan()
            plan.inject(.singleShot, into: .acceptMultishot)
            let harness = try makeHarness(plan)
            let listener = try Listener()
            _ = harness.ring.acceptMultishot(listener.descriptor, for: harness.target(1))
            let client = try listener.connect()
            defer { close(client) }
            let accepted = try harness.next(1)
            #expect(!accepted.hasMore)
            close(accepted.result)
        }

        @Test func refusedReceive_losesNoBytes() throws {
            let plan = FaultPlan()
            plan.inject(.refuse(Errno(rawValue: ENOBUFS)), into: .receiveMultishot, .number(1))
            let harness = try makeHarness(plan)
            let buffers = try BufferRing(ring: harness.ring, group: 0, count: 4, size: 64)
            let pair = try SocketPair()
            pair.write([42])
            _ = harness.ring.receiveMultishot(pair.left, group: 0, for: harness.target(1))
            #expect(try harness.next(1) == Completion(tag: 1, result: -ENOBUFS, flags: 0))
            _ = harness.ring.receiveMultishot(pair.left, group: 0, for: harness.target(1))
            let completion = try harness.next(1)
            #expect(completion.result == 1)
            #expect(buffers.address(of: completion.buffer).load(as: UInt8.self) == 42)
            try harness.cancel(1)
        }

        @Test func rewrittenAccept_closesTheAcceptedSocket() throws {
            let plan = FaultPlan()
            plan.inject(.rewrite(Errno(rawValue: EMFILE)), into: .acceptMultishot)
            var closed: [Int32] = []
            plan.closeDescriptor = {
                closed.append($0)
                close($0)
            }
            let harness = try makeHarness(plan)
            let listener = try Listener()
            _ = harness.ring.acceptMultishot(listener.descriptor, for: harness.target(1))
            let client = try listener.connect()
            defer { close(client) }
            #expect(try harness.next(1) == Completion(tag: 1, result: -EMFILE, flags: 0))
            #expect(closed.count == 1)
        }

        @Test func rewrittenReceive_returnsItsBuffer() throws {
            let plan = FaultPlan()
            plan.inject(.rewrite(Errno(rawValue: ECONNRESET)), into: .receiveMultishot)
            let harness = try makeHarness(plan)
            defer { harness.ring.close() }
            let buffers = try BufferRing(ring: harness.ring, group: 0, count: 1, size: 64)
            var returned: [UInt16] = []
            plan.returnBuffer = {
                returned.append($0)
                buffers.give($0)
                buffers.publish()
            }
            let pair = try SocketPair()
            for tag in 1...3 as ClosedRange<UInt64> {
                pair.write([1])
                _ = harness.ring.receiveMultishot(pair.left, group: 0, for: harness.target(tag))
                #expect(try harness.next(tag) == Completion(tag: tag, result: -ECONNRESET, flags: 0))
            }
            #expect(returned == [0, 0, 0])
        }

        @Test func rewrite_leavesRealFailuresAlone() throws {
            let plan = FaultPlan()
            plan.inject(.rewrite(Errno(rawValue: EIO)), into: .receive)
            let harness = try makeHarness(plan)
            let byte = UnsafeMutableRawPointer.allocate(byteCount: 1, alignment: 1)
            defer { byte.deallocate() }
            _ = harness.ring.receive(-1, into: byte, count: 1, for: harness.target(1))
            #expect(try harness.next(1).result == -EBADF)
        }
    }
#endif
