import Glibc
import Kernel
import Polling
import TestSupport
import Testing

extension Pollers {
    /// Descriptors that are closed or replaced, with and without the poller's knowledge.
    @Suite struct DescriptorTests {
        @Test(arguments: PollerKind.allCases)
        func closedDescriptor_stillRegistered_isReportedAsReady_orForgotten(_ kind: PollerKind) throws {
            try withPoller(kind) { poller in
                let (closed, other) = (try Ends.sockets(), try Ends.sockets())
                let number = closed.left
                try poller.change(number, from: .none, to: .both, tag: 1)
                try poller.change(other.left, from: .none, to: .readable, tag: 2)
                other.write()
                closed.closeLeft()
                switch kind {
                case .epoll: #expect(try poller.events(within: -1) == [Event(2, .readable)])
                case .poll: #expect(try poller.events(within: -1) == [Event(1, .both), Event(2, .readable)])
                // select(2) fails for the whole set; the other descriptors are reported once this one is removed.
                case .select: #expect(try poller.events(within: -1) == [Event(1, .both)])
                }
                try poller.change(number, from: .both, to: .none, tag: 1)
                #expect(try poller.events(within: -1) == [Event(2, .readable)])
            }
        }

        @Test(arguments: PollerKind.allCases)
        func closedDescriptors_areReportedAsReady_forTheWantedDirections(_ kind: PollerKind) throws {
            try withPoller(kind) { poller in
                let wanted: [Readiness] = [.readable, .writable, .both]
                let ends = try wanted.map { _ in try Ends.sockets() }
                for (tag, wanted) in wanted.enumerated() {
                    try poller.change(ends[tag].left, from: .none, to: wanted, tag: UInt64(tag))
                }
                for pair in ends { pair.closeLeft() }
                let all = wanted.enumerated().map { Event(UInt64($0.offset), $0.element) }
                let events = try poller.events().map { $0.only(wanted[Int($0.tag)]) }
                #expect(events == (kind == .epoll ? [] : all))
            }
        }

        @Test(arguments: PollerKind.allCases)
        func event_hasTheLatestTag(_ kind: PollerKind) throws {
            try withPoller(kind) { poller in
                let ends = try Ends.sockets()
                ends.write()
                try poller.change(ends.left, from: .none, to: .readable, tag: .max)
                #expect(try poller.events() == [Event(.max, .readable)])
                try poller.change(ends.left, from: .readable, to: .readable, tag: 0)
                #expect(try poller.events() == [Event(0, .readable)])
                try poller.change(ends.left, from: .readable, to: .both, tag: 1 << 63 | 5)
                #expect(try poller.events() == [Event(1 << 63 | 5, .both)])
            }
        }

        @Test(arguments: PollerKind.allCases, [false, true])
        func reusedNumber_hasOnlyItsNewTag(_ kind: PollerKind, isTakenOut: Bool) throws {
            try withPoller(kind) { poller in
                let first = try Ends.sockets()
                let number = first.left
                first.write()
                try poller.change(number, from: .none, to: .both, tag: 1)
                if isTakenOut { try poller.change(number, from: .both, to: .none, tag: 1) }
                first.closeLeft()
                let second = try Ends.sockets(from: number)
                try #require(second.left == number)
                try poller.change(number, from: .none, to: .readable, tag: 2)
                #expect(try poller.events() == [])
                second.write()
                #expect(try poller.events() == [Event(2, .readable)])
            }
        }

        /// The caller may be wrong about what the poller has registered: epoll removes closed descriptors by itself.
        @Test(arguments: PollerKind.allCases)
        func change_takesEffect_whateverWasRegistered(_ kind: PollerKind) throws {
            try withPoller(kind) { poller in
                let ends = try Ends.sockets()
                ends.write()
                try poller.change(ends.left, from: .writable, to: .readable, tag: 1)
                #expect(try poller.events() == [Event(1, .readable)])
                try poller.change(ends.left, from: .none, to: .both, tag: 2)
                #expect(try poller.events() == [Event(2, .both)])
                for _ in 0..<2 { try poller.change(ends.left, from: .both, to: .none, tag: 2) }
                #expect(try poller.events() == [])
            }
        }

        @Test(arguments: PollerKind.allCases)
        func change_ofAClosedDescriptor_throws_butRemovingItDoesNot(_ kind: PollerKind) throws {
            try withPoller(kind) { poller in
                let ends = try Ends.sockets()
                let number = ends.left
                try poller.change(number, from: .none, to: .readable, tag: 1)
                ends.closeLeft()
                #expect(throws: Errno.badFileDescriptor) {
                    try poller.change(number, from: .readable, to: .both, tag: 1)
                }
                try poller.change(number, from: .readable, to: .none, tag: 1)
                #expect(throws: Errno.badFileDescriptor) {
                    try poller.change(number, from: .none, to: .readable, tag: 1)
                }
                // This one never existed.
                try poller.change(number + 5000, from: .readable, to: .none, tag: 1)
                #expect(try poller.events() == [])
            }
        }

        @Test(arguments: PollerKind.allCases)
        func descriptorsAboveFDSETSIZE_workLikeOthers(_ kind: PollerKind) throws {
            try withDescriptors(8192) {
                try withPoller(kind) { poller in
                    // FD_SETSIZE itself, and the descriptors around word boundaries.
                    let pairs = try [1022, 1086, 1150, 4095, 5000].map { try Ends.sockets(from: $0) }
                    defer { withExtendedLifetime(pairs) {} }
                    for (index, ends) in pairs.enumerated() {
                        try poller.change(ends.left, from: .none, to: .readable, tag: UInt64(2 * index))
                        try poller.change(ends.right, from: .none, to: .readable, tag: UInt64(2 * index + 1))
                    }
                    try #require(pairs[0].right == 1023 && pairs[3].right == 4096)
                    #expect(try poller.events() == [])
                    for (index, ends) in pairs.enumerated() {
                        ends.write()
                        #expect(try poller.events() == [Event(UInt64(2 * index), .readable)])
                        ends.readAll()
                        #expect(write(ends.left, [7], 1) == 1)
                        #expect(try poller.events() == [Event(UInt64(2 * index + 1), .readable)])
                        try poller.change(ends.right, from: .readable, to: .none, tag: 0)
                    }
                    #expect(try poller.events() == [])
                }
            }
        }

        @Test(arguments: PollerKind.allCases)
        func twoThousandDescriptors_areAllReported(_ kind: PollerKind) throws {
            try withDescriptors(8192) {
                try withPoller(kind) { poller in
                    let pairs = try (0..<1000).map { _ in try Ends.sockets() }
                    defer { withExtendedLifetime(pairs) {} }
                    for (index, ends) in pairs.enumerated() {
                        try poller.change(ends.left, from: .none, to: .readable, tag: UInt64(index))
                        try poller.change(ends.right, from: .none, to: .readable, tag: UInt64(1000 + index))
                    }
                    for index in stride(from: 0, to: 1000, by: 97) {
                        pairs[index].write()
                        #expect(try poller.events() == [Event(UInt64(index), .readable)])
                        pairs[index].readAll()
                    }
                    for ends in pairs {
                        ends.write()
                        #expect(write(ends.left, [7], 1) == 1)
                    }
                    // One epoll wait reports at most 1,024 descriptors; the next one starts with the rest.
                    var tags = try poller.events().map(\.tag)
                    if kind == .epoll { tags += try poller.events().map(\.tag) }
                    #expect(Set(tags) == Set(0..<2000))
                    for ends in pairs { try poller.change(ends.left, from: .readable, to: .none, tag: 0) }
                    #expect(try poller.events().map(\.tag) == Array(1000..<2000))
                }
            }
        }

        @Test(arguments: PollerKind.allCases)
        func close_releasesThePollersDescriptor_once(_ kind: PollerKind) async {
            // Runs in a process of its own, where nothing else opens descriptors.
            await #expect(processExitsWith: .success) { [kind] in
                try DescriptorLimit.setSoft(UInt64(Descriptor.openCount() + 64))
                for _ in 0..<200 {
                    let poller = try kind.make()
                    poller.close()
                    // This file gets the number that has just become free.
                    let event = try EventDescriptor()
                    poller.close()
                    try #require(Descriptor.isOpen(event.fd))
                    event.close()
                    // The deinit closes, too.
                    _ = try kind.make()
                }
            }
        }

        /// Standard input, output and error are closed; the poller's own descriptor takes none of their numbers.
        @Test(arguments: PollerKind.allCases)
        func poller_hasNoStandardDescriptor(_ kind: PollerKind) async {
            await #expect(processExitsWith: .success) { [kind] in
                for fd in Int32(0)...2 { close(fd) }
                let poller = try kind.make()
                var target = [CChar](repeating: 0, count: 64)
                for fd in 0...2 where readlink("/proc/self/fd/\(fd)", &target, target.count) > 0 {
                    #expect(target.starts(with: "/dev/null".utf8.map { CChar($0) }), "descriptor \(fd)")
                }
                poller.close()
            }
        }

        /// Raises the limit of open descriptors while the body runs.
        private func withDescriptors(_ count: UInt64, _ body: () throws -> Void) throws {
            let limit = try DescriptorLimit.current()
            guard limit.soft < count else { return try body() }
            try DescriptorLimit.setSoft(count)
            defer { #expect(throws: Never.self) { try DescriptorLimit.setSoft(limit.soft) } }
            try body()
        }
    }
}
