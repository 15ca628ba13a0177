import EventLoops
import Glibc
import Kernel
import Proactor
import ProactorTesting
import TestSupport
import Testing

extension Conformance {
    /// Descriptor numbers that refer to another file than when they were first watched, or to a file of the loop.
    @Suite struct WatchingReuse {
        /// READER-010: the file was closed without `removeReader`, in the callback or while there was nothing to read.
        @Test(arguments: LoopKind.allCases, [false, true])
        func secondReader_isCalled_whenTheNumberRefersToAnotherFile(
            _ kind: LoopKind, closesInCallback: Bool
        ) async throws {
            try await withLoop(kind) { loop, _ in
                let (old, new) = (try Pipe(), try Pipe())
                let number = old.readEnd
                var former = 0
                try loop.addReader(number) {
                    former += 1
                    // Closes the old file and gives its number to the new one, in one step.
                    #expect(dup2(new.readEnd, number) == number)
                }
                if closesInCallback { old.write(1) }
                try loop.turn(3)
                #expect(former == (closesInCallback ? 1 : 0))
                if !closesInCallback { #expect(dup2(new.readEnd, number) == number) }
                var calls = 0
                try loop.addReader(number) {
                    calls += 1
                    #expect(Pipe.read(number, 8) == 1)
                }
                try loop.turn(3)
                #expect(calls == 0, "called with nothing to read")
                new.write(1)
                try loop.turn(3)
                #expect(calls == 1)
                #expect(try loop.removeReader(number))
                #expect(former == (closesInCallback ? 1 : 0))
            }
        }

        /// READER-010: as for reading.
        @Test(arguments: LoopKind.allCases)
        func secondWriter_isCalled_whenTheNumberRefersToAnotherFile(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                let (old, new) = (try Pipe(), try Pipe())
                let number = old.writeEnd
                _ = old.fill()
                try loop.addWriter(number) { Issue.record("the former writer ran") }
                try loop.turn(2)
                #expect(dup2(new.writeEnd, number) == number)
                var calls = 0
                try loop.addWriter(number) { calls += 1 }
                try loop.turn(3)
                #expect(calls >= 1)
                #expect(try loop.removeWriter(number))
            }
        }

        /// READER-004: replacing one callback leaves the callback for the other direction in place, on the same file.
        @Test(arguments: LoopKind.allCases)
        func replacedReader_leavesTheWriterWatched(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                let (one, other) = try Socket.pair()
                var (reads, writes) = (0, 0)
                try loop.addReader(one) { Issue.record("the replaced reader ran") }
                try loop.addWriter(one) { writes += 1 }
                try loop.turn(2)
                #expect(writes >= 1)
                try loop.addReader(one) {
                    reads += 1
                    #expect(Pipe.read(one.fileDescriptor, 8) == 1)
                }
                writes = 0
                try loop.turn(3)
                #expect(reads == 0 && writes >= 1)
                Pipe.write(other.fileDescriptor, 1)
                try loop.turn(3)
                #expect(reads == 1)
                #expect(try loop.removeReader(one) && loop.removeWriter(one))
            }
        }

        /// READER-016: the number refers to a file that cannot be watched.
        ///
        /// Only epoll refuses such a file.
        @Test(arguments: LoopKind.allCases.filter { $0 == .epoll })
        func secondReader_isRefused_whenTheOtherFileCannotBeWatched(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                let old = try Pipe()
                let number = old.readEnd
                try loop.addReader(number) { Issue.record("the former reader ran") }
                try loop.turn()
                let file = try SystemCall.value { open("/proc/self/exe", O_RDONLY | O_CLOEXEC) }
                #expect(dup2(file, number) == number)
                close(file)
                let error = #expect(throws: EventLoopError.self) { try loop.addReader(number) {} }
                #expect(error?.errno == .notPermitted)
                #expect(try !loop.removeReader(number))
                try loop.turn(2)
            }
        }

        /// READER-016: the writer is lost with the refused reader, and no caller would learn of it.
        @Test(arguments: LoopKind.allCases.filter { $0 == .epoll })
        func writer_isReported_whenARefusedReaderEndsTheWatch(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, recorder in
                let old = try Pipe()
                let number = old.readEnd
                try loop.addReader(number) { Issue.record("the former reader ran") }
                try loop.addWriter(number) { Issue.record("the writer ran") }
                try loop.turn()
                let file = try SystemCall.value { open("/proc/self/exe", O_RDONLY | O_CLOEXEC) }
                #expect(dup2(file, number) == number)
                close(file)
                var other = 0
                loop.setExceptionHandler { [unowned loop] in
                    #expect($0.socket == number)
                    #expect(($0.error as? EventLoopError)?.errno == .notPermitted)
                    #expect($0.message == "Watching a file descriptor failed")
                    other += 1
                    // The handler may use the number for something else at once.
                    #expect(dup2(old.writeEnd, number) == number)
                    #expect(throws: Never.self) { try loop.addWriter(number) { other += 1 } }
                }
                #expect(throws: EventLoopError.self) { try loop.addReader(number) {} }
                #expect(other == 1)
                try loop.turn(2)
                #expect(other > 1, "the writer that the handler added")
                #expect(try loop.removeWriter(number))
                recorder.attach(to: loop)
            }
        }

        /// READER-010: a duplicate keeps a closed file registered with epoll, which reports it in every turn.
        @Test(arguments: LoopKind.allCases.filter { $0 == .epoll })
        func fileThatStaysRegistered_isLoggedOnce(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                let (old, new) = (try Pipe(), try Pipe())
                let number = old.readEnd
                try loop.addReader(number) { Issue.record("the former reader ran") }
                try loop.turn()
                let copy = try duplicate(number, wanting: 100)
                #expect(dup2(new.readEnd, number) == number)
                try loop.addReader(number) { Issue.record("there is nothing to read") }
                old.write(1)
                let lines = try withLog { log in
                    try loop.turn(3000)
                    return log.texts(.warning)
                }
                #expect(lines.count == 1)
                #expect(lines.first?.contains("was watched as descriptor \(number)") == true)
                #expect(try loop.removeReader(number))
                close(copy)
            }
        }

        /// Watching the loop's own descriptors would make it spin or hang: the call is refused, and the loop still
        /// works.
        @Test(arguments: LoopKind.allCases)
        func descriptorsOfTheLoopItself_areRefused(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                try loop.turn()
                let own = loop.core.driver.ownDescriptors
                let names: [LoopKind: [String]] = [.proactor: ["io_uring", "eventfd"], .epoll: ["eventfd", "epoll"]]
                #expect(own.map(\.name) == names[kind] ?? ["eventfd"])
                for each in own {
                    #expect(Descriptor.isOpen(each.descriptor))
                    for add in [loop.addReader(_:file:line:_:), loop.addWriter] {
                        let error = #expect(throws: EventLoopError.self) {
                            try add(each.descriptor, #fileID, #line) { Issue.record("it ran") }
                        }
                        #expect(error?.code == .descriptorInUse)
                        #expect(error?.description.contains("the event loop itself, as its \(each.name)") == true)
                    }
                    expectLoopError(.descriptorInUse) { try loop.removeReader(each.descriptor) }
                }
                var ran = false
                loop.callLater(.milliseconds(1)) { ran = true }
                try loop.run(for: .milliseconds(5))
                #expect(ran)
            }
        }
    }
}
