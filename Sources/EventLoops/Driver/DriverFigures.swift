/// A driver's counters and gauges, for ``LoopStatistics``.
package struct DriverFigures {
    package var submissions = 0
    package var completions = 0
    package var systemCalls = 0
    package var operationsInFlight = 0
    package var receiveBuffersLent = 0
    package var receiveBuffersTotal = 0

    package init() {}
}
