internal import Kernel

/// A task's name and, if debug mode was on, where the task was created.
package struct TaskLabel: Sendable, CustomStringConvertible {
    var name: String
    var place: SourcePlace?

    package var description: String {
        "<LoopTask \(name)\(place.map { " created at \($0)" } ?? "")>"
    }
}

/// Maps jobs to the labels of their tasks, for debug mode and the watchdog.
///
/// The key is the task's address. Written by the loop's thread, and also read by the watchdog's thread.
final class TaskLabels: Sendable {
    private let labels = Locked<[UInt: TaskLabel]>([:])

    subscript(address: UInt) -> TaskLabel? {
        labels.update { $0[address] }
    }

    func set(_ label: TaskLabel, at address: UInt) {
        labels.update { $0[address] = label }
    }

    /// Removes a task that has ended; true if none is left.
    func remove(_ address: UInt) -> Bool {
        labels.update { labels in
            labels[address] = nil
            return labels.isEmpty
        }
    }
}
