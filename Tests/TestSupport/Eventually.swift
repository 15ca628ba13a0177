package import EventLoops
package import Testing

/// A condition did not become true in time.
///
/// An issue that names the condition has been recorded.
package struct Overdue: Error {
    package init() {}
}

extension AbstractEventLoop {
    /// Suspends a task of the loop until a condition holds, which is checked every millisecond; for conditions that no
    /// upcall reports.
    ///
    /// - Throws: ``Overdue`` after the limit, and records an issue.
    package func eventually(
        _ what: Comment, within limit: Duration = .seconds(30), sourceLocation: SourceLocation = #_sourceLocation,
        _ holds: () throws -> Bool
    ) async throws {
        let deadline = time.advanced(by: limit)
        while try !holds() {
            if time > deadline {
                Issue.record(what, sourceLocation: sourceLocation)
                throw Overdue()
            }
            try await sleep(for: .milliseconds(1))
        }
    }

    /// Like ``eventually(_:within:sourceLocation:_:)`` outside the loop: runs it until a condition holds.
    package func turn(
        until holds: () -> Bool, within limit: Duration = .seconds(30),
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let deadline = time.advanced(by: limit)
        while !holds() {
            if time > deadline {
                Issue.record("the condition never held", sourceLocation: sourceLocation)
                throw Overdue()
            }
            try run(for: .milliseconds(1))
        }
    }

    /// Waits until a number has stopped changing, however slow the machine is, and returns it.
    package func settled(_ number: () -> Int) async throws -> Int {
        var last = number()
        var same = 0
        while same < 10 {
            try await sleep(for: .milliseconds(10))
            let now = number()
            same = now == last ? same + 1 : 0
            last = now
        }
        return last
    }
}
