/// The descriptions of a loop's parts, sorted.
///
/// - Thread: The loop's.
package struct LoopParts {
    package let tasks: [String]
    package let transports: [String]
    package let servers: [String]
    package let watches: [String]
    package let signals: [Int32]
    package let timers: Int

    package init(_ core: LoopCore) {
        tasks = core.tasks.members.map { "\($0)" }.sorted()
        transports = core.transports.values.map { "\($0)" }.sorted()
        servers = core.servers.values.map { "\($0)" }.sorted()
        watches = core.descriptors.watchDescriptions.sorted()
        signals = core.signals.numbers.sorted()
        timers = core.timers.pending
    }
}
