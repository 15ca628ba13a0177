internal import Kernel

/// The tasks of a loop that have not ended, for inspection and for closing.
///
/// A list linked through its members, so that joining and leaving take only a few stores. Loop thread only.
final class TaskList {
    fileprivate var first: Unmanaged<TaskLink>?
    private let counters: LoopCounters

    init(_ counters: LoopCounters) {
        self.counters = counters
    }

    var isEmpty: Bool {
        first == nil
    }

    /// All members, in no particular order.
    var members: [any EndableTask] {
        var (found, link): ([any EndableTask], _) = ([], first)
        while let member = link?.takeUnretainedValue() {
            if let task = member.task { found.append(task) }
            link = member.next
        }
        return found
    }

    /// Removes the tasks that do not end although the loop is closing.
    func removeAll() {
        while let link = first { link.takeUnretainedValue().leave(self) }
    }

    fileprivate func count(_ difference: Int) {
        counters.tasks.add(difference)
    }
}

/// A member of the list.
class TaskLink {
    private var previous: Unmanaged<TaskLink>?
    fileprivate var next: Unmanaged<TaskLink>?
    /// The loop's task, while it is a member; nil otherwise.
    ///
    /// The Swift task keeps this object alive until it leaves the list.
    private(set) final unowned(unsafe) var task: (any EndableTask)?
    private var isMember = false

    final func join(_ list: TaskList, as task: any EndableTask) {
        self.task = task
        isMember = true
        next = list.first
        next?._withUnsafeGuaranteedRef { $0.previous = .passUnretained(self) }
        list.first = .passUnretained(self)
        list.count(1)
    }

    final func leave(_ list: TaskList) {
        guard isMember else { return }
        isMember = false
        task = nil
        if let previous { previous._withUnsafeGuaranteedRef { $0.next = next } } else { list.first = next }
        next?._withUnsafeGuaranteedRef { $0.previous = previous }
        list.count(-1)
    }
}
