internal import Kernel

/// How a task is called: its name, and where it was made if debug mode was on.
package struct TaskLabel: Sendable, CustomStringConvertible {
    var name: String
    var place: SourcePlace?

    package var description: String {
        "<LoopTask \(name)\(place.map { " created at \($0)" } ?? "")>"
    }
}

/// Which task a job belongs to, while somebody wants to know: debug mode or a watchdog.
///
/// The key is the task's address. Changed by the loop's thread, read by the watchdog's, too.
final class TaskLabels: Sendable {
    private let labels = Locked<[UInt: TaskLabel]>([:])

    subscript(address: UInt) -> TaskLabel? {
        labels.update { $0[address] }
    }

    func set(_ label: TaskLabel, at address: UInt) {
        labels.update { $0[address] = label }
    }

    /// Forgets a task that has ended; true if no other is left.
    func remove(_ address: UInt) -> Bool {
        labels.update { labels in
            labels[address] = nil
            return labels.isEmpty
        }
    }
}
