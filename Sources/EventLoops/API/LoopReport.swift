/// Builds the text that ``AbstractEventLoop/dump(limit:)`` returns.
struct LoopReport {
    private(set) var text = ""
    private let limit: Int

    init(_ core: LoopCore, limit: Int) {
        self.limit = max(0, limit)
        let loop = core.loop.map { "\($0)" } ?? "a released loop"
        addLine("\(loop) on \(core.report.backend): \(core.backendReason.text)")
        if core.queue.allowsInspection {
            core.noteWhatWaits()
            addStatistics(core)
            addParts(core)
        } else {
            addStatistics(core)
            addLine("call dump() on the loop's thread for tasks, transports and timers")
        }
    }

    private mutating func addStatistics(_ core: LoopCore) {
        for line in core.statistics.description.split(separator: "\n") { addLine("  \(line)") }
    }

    private mutating func addParts(_ core: LoopCore) {
        let parts = LoopParts(core)
        addList("tasks", parts.tasks)
        addTimers(core)
        addList("transports", parts.transports)
        addList("servers", parts.servers)
        addList("watched descriptors", parts.watches)
        addList("signals", parts.signals.map(SignalName.of))
        addList("pending operations", core.pendingOperations.map(\.description))
    }

    private mutating func addTimers(_ core: LoopCore) {
        let next = core.timers.nextDue.map { due in
            ", the next due in \(core.now.duration(to: LoopInstant(nanoseconds: due)).inSeconds)"
        }
        addLine("timers: \(core.timers.pending)\(next ?? "")")
    }

    private mutating func addList(_ title: String, _ members: [String]) {
        addLine("\(title): \(members.count)")
        for member in members.prefix(limit) { addLine("  \(member)") }
        if members.count > limit { addLine("  and \(members.count - limit) more") }
    }

    private mutating func addLine(_ line: String) {
        text += line
        text += "\n"
    }
}
