/// A first-in, first-out queue of jobs.
///
/// Taking a job empties its slot, so that the job is released after it has run. Empty slots are removed when they make
/// up more than half of the queue, which keeps taking cheap on average.
struct JobQueue {
    typealias Job = @Sendable () -> Void

    private var places: [Job?] = []
    private var first = 0

    var count: Int {
        places.count - first
    }

    mutating func append(_ job: @escaping Job) {
        places.append(job)
    }

    mutating func popFirst() -> Job? {
        guard first < places.count else { return nil }
        defer { tidy() }
        return places[first].take()
    }

    /// Removes all jobs, for the caller to release without holding a lock.
    mutating func removeAll() -> [Job?] {
        defer { self = JobQueue() }
        return places
    }

    private mutating func tidy() {
        first += 1
        guard first * 2 > places.count else { return }
        places.removeFirst(first)
        first = 0
    }
}
