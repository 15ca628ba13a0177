extension LoopCore {
    /// The time that cancelled tasks get to end.
    ///
    /// A task that ignores its cancellation must not keep the loop open without limit.
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
            // Another thread may have closed it in the meantime.
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
        // They may reference their loop.
        resolver = nil
        taskFactory = nil
        // From here on, remaining tasks run on the thread for orphaned jobs.
        queue.close()
        defaultExecutor.close()
        noteWhatWaits()
        if let failure { throw failure }
    }

    /// Ends the tasks and the kernel's operations.
    ///
    /// Every step is taken, even if the one before fails.
    private func endWork() -> EventLoopError? {
        var first: EventLoopError?
        do throws(EventLoopError) { try endTasks() } catch { first = error }
        // No wake may use the descriptor that the driver closes now.
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

    /// Runs jobs and the requests that they depend on, and drops callbacks, which never run on a closed loop.
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

    /// Called when the loop's last reference is released.
    ///
    /// Closes the loop if this thread may, and logs a warning in any case, because its tasks and connections end
    /// without notification.
    ///
    /// asyncio: `ResourceWarning: unclosed event loop`.
    package func abandonUnlessClosed() {
        guard !isClosed, !queue.isInForkedChild else { return }
        Log.write(.warning, "unclosed event loop: call close() before letting go of a loop")
        do { try close() } catch {
            Log.write(.error, "\(error)")
            // The descriptor through which a signal wakes the loop is about to be closed.
            signals.removeAll()
            warnOfUnclosed()
        }
    }
}
