extension LoopCore {
    /// What cancelled tasks are given to end.
    ///
    /// A task that ignores being cancelled must not keep the loop open for ever.
    private static let closingTime = Duration.seconds(1)

    /// asyncio: `close`; beyond it, tasks are cancelled, since a suspended task cannot be thrown away.
    func close() throws(EventLoopError) {
        if isClosed { return }
        if queue.isInForkedChild { throw queue.refusal("close") }
        guard !queue.isRunning else {
            let stop = queue.ownership.isHome ? "stop()" : "callSoonThreadsafe { loop.stop() }"
            let detail = "Cannot close a running event loop: call `\(stop)`, and close it when its run has ended"
            throw EventLoopError(.running, "close", detail: detail)
        }
        let hold: Hold
        do throws(EventLoopError) {
            hold = try acquire("close") { () throws(EventLoopError) in if isClosed { throw .closed("close") } }
        } catch {
            // Another thread may have closed it at this very moment.
            if isClosed { return }
            throw error
        }
        defer { release(hold) }
        warnOfUnclosed()
        isClosed = true
        endWatchdog()
        signals.removeAll()
        timers.removeAll()
        descriptors.removeAll()
        for transport in transports.values { transport.abort() }
        for server in servers.values { server.loopClosed() }
        let failure = endWork()
        transports = [:]
        servers = [:]
        tasks.removeAll()
        // They may hold their loop.
        resolver = nil
        taskFactory = nil
        // From here on, what tasks are left run on a thread of their own.
        queue.close()
        defaultExecutor.close()
        noteWhatWaits()
        if let failure { throw failure }
    }

    /// Lets tasks end and the kernel let go; every step is taken, whatever becomes of the one before.
    private func endWork() -> EventLoopError? {
        var first: EventLoopError?
        do throws(EventLoopError) { try endTasks() } catch { first = error }
        // No wake may meet the descriptor that the driver closes now.
        queue.inbox.setWaker(nil)
        // A task that was ending has forked: the driver is the parent's.
        if queue.isInForkedChild { return queue.refusal("close") }
        do throws(EventLoopError) { try driver.close() } catch { first = first ?? error }
        return first
    }

    private func endTasks() throws(EventLoopError) {
        let previous = RunningLoop.enter(self)
        defer { RunningLoop.leave(to: previous) }
        for task in tasks.members { task.cancel(message: nil) }
        queue.endWaits()
        let deadline = now.advanced(by: Self.closingTime)
        while !tasks.isEmpty || queue.readyCount > 0, now < deadline {
            if queue.isInForkedChild { throw queue.refusal("close") }
            driver.prepare()
            let soon = now.advanced(by: .milliseconds(1)).nanoseconds
            try driver.poll(queue.readyCount > 0 ? .none : .until(soon))
            queue.drainInbox()
            runJobs()
        }
    }

    /// Runs jobs, the requests on which they wait, and reports, and drops callbacks: those of a closed loop never run.
    private func runJobs() {
        var left = queue.readyCount
        while left > 0, let entry = queue.next() {
            left -= 1
            switch entry {
            case .handle: entry.discard()
            case .request(let request): try? request.takeRetainedValue().run()
            case .yielded(let continuation): continuation.resume()
            case .taskJob(let job): job.runSynchronously(on: taskExecutor.asUnownedTaskExecutor())
            case .serialJob(let job):
                job.runSynchronously(
                    isolatedTo: serialExecutor.asUnownedSerialExecutor(),
                    taskExecutor: taskExecutor.asUnownedTaskExecutor())
            }
        }
    }

    /// The loop's last reference is gone.
    ///
    /// What it holds in the kernel is let go of if this thread may; said aloud either way, because tasks and
    /// connections of the loop end unheard. asyncio: `ResourceWarning: unclosed event loop`.
    package func abandonUnlessClosed() {
        guard !isClosed, !queue.isInForkedChild else { return }
        Log.write(.warning, "unclosed event loop: call close() before letting go of a loop")
        do { try close() } catch {
            Log.write(.error, "\(error)")
            // The descriptor with which a signal would wake the loop goes now.
            signals.removeAll()
            warnOfUnclosed()
        }
    }
}
