extension LoopCore {
    /// How long cancelled tasks may take to end.
    ///
    /// A task that ignores its cancellation must not keep the loop open indefinitely.
    private static let closingTime = Duration.seconds(1)

    /// Closes the loop.
    ///
    /// asyncio: `close`, except that tasks are cancelled here, because a suspended Swift task cannot be destroyed.
    func close() throws(EventLoopError) {
        if isClosed { return }
        if queue.isInForkedChild { throw queue.refusal("close") }
        guard !queue.isRunning else {
            let stop = queue.ownership.isHome ? "stop()" : "callSoonThreadsafe { loop.stop() }"
            let detail = "Cannot close a running event loop: call `\(stop)`, and close it after the run has ended"
            throw EventLoopError(.running, "close", detail: detail)
        }
        let hold: Hold
        do throws(EventLoopError) {
            hold = try acquire("close") { () throws(EventLoopError) in if isClosed { throw .closed("close") } }
        } catch {
            // Another thread may have closed the loop in the meantime.
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
        // The resolver and the task factory may reference the loop.
        resolver = nil
        taskFactory = nil
        // From here on, remaining tasks run on the thread for orphaned jobs.
        queue.close()
        defaultExecutor.close()
        noteWhatWaits()
        if let failure { throw failure }
    }

    /// Ends the tasks, and then the operations in flight by closing the driver.
    ///
    /// Every step is taken, even if the previous one fails.
    private func endWork() -> EventLoopError? {
        var first: EventLoopError?
        do throws(EventLoopError) { try endTasks() } catch { first = error }
        // A task that was ending may have begun another wait.
        queue.endWaits()
        // No wake-up may use the descriptor that the driver is about to close.
        queue.inbox.setWaker(nil)
        // A task forked while it was ending, and this is the child process: the driver belongs to the parent.
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
    /// Closes the loop if this thread is allowed to, and logs a warning in any case, because its tasks and connections
    /// end without notification.
    ///
    /// asyncio: `ResourceWarning: unclosed event loop`.
    package func abandonUnlessClosed() {
        guard !isClosed, !queue.isInForkedChild else { return }
        Log.write(.warning, "unclosed event loop: call close() before releasing a loop")
        do { try close() } catch {
            Log.write(.error, "\(error)")
            // The descriptor through which a signal wakes the loop is about to be closed.
            signals.removeAll()
            warnOfUnclosed()
        }
    }
}
