/// The files that may contain `@unchecked Sendable`, each with the reason why it is safe.
let uncheckedSendableReasons: [String: String] = [
    "Sources/EventLoops/Reporting/ExceptionReporter.swift": ofTheLoop,
    "Sources/EventLoops/Executors/Workers.swift": "all mutable state is guarded by the lock of its condition",
    "Sources/EventLoops/Combining/GatheringFuture.swift": "adds to Future only state of its loop's thread",
    "Sources/EventLoops/Futures/Future.swift": ofTheLoop,
    "Sources/EventLoops/Futures/LoopTask.swift": "adds to Future only state of its loop's thread",
    "Sources/EventLoops/Futures/WrappingFuture.swift": "adds to Future only state of its loop's thread",
    "Sources/EventLoops/Core/LoopCore.swift": ofTheLoop + "; calls from other threads go through the inbox",
    "Sources/EventLoops/Waiting/CancellationScope.swift": ofTheLoop + "; cancelling is handed over to it",
    "Sources/EventLoops/Scheduling/Handle.swift": ofTheLoop,
    "Sources/EventLoops/Scheduling/Inbox.swift": "all mutable state is atomic or guarded by its locks",
    "Sources/EventLoops/Scheduling/InboxLink.swift":
        "adds to Handle a link that is written by the poster before the exchange, and by the loop's thread after it",
    "Sources/EventLoops/Scheduling/ReadyEntry.swift":
        "an entry owns its reference, and is owned by one thread at a time",
    "Sources/EventLoops/Waiting/TaskLocalContext.swift":
        "its task, its loop's thread and the thread that releases it use it one after the other",
    "Sources/EventLoops/Waiting/WaitList.swift": ofTheLoop + "; cancelling on another thread is handed over to it",
    "Sources/EventLoops/Scheduling/WorkQueue.swift": ofTheLoop + "; ownership and inbox are atomic or locked",
    "Sources/EventLoops/Serving/Server.swift": ofTheLoop,
    "Sources/EventLoops/API/SignalSequence.swift": ofTheLoop + "; its end is handed over to it",
    "Sources/EventLoops/Streams/StreamReader.swift": ofTheLoop,
    "Sources/EventLoops/Streams/StreamWriter.swift": ofTheLoop,
    "Sources/EventLoops/Driver/StreamChannelOwner.swift": ofTheLoop + "; the instance that loops share has no state",
    "Sources/EventLoops/Transports/ChannelTransport.swift": ofTheLoop,
    "Sources/EventLoops/Bytes/SegmentPool.swift": ofTheLoop + "; what other threads release is handed back to it",
    "Sources/EventLoops/Transports/SocketTransport.swift": ofTheLoop,
    "Sources/ProactorLoop/ConnectOperation.swift": ofTheLoop + "; cancelling is handed over to it",
    "Sources/EventLoops/Waiting/OperationWait.swift": ofTheLoop + "; cancelling is handed over to it",
    "Sources/ProactorLoop/ProactorDriver.swift": ofTheLoop + "; waking it only writes to a descriptor",
    "Sources/ProactorLoop/RingPort.swift": ofTheLoop,
    "Sources/ProactorLoop/RingOperation.swift": ofTheLoop + "; cancelling is handed over to it",
    "Sources/EventLoops/Emulation/ReadinessConnect.swift": ofTheLoop + "; cancelling is handed over to it",
    "Sources/SelectorLoop/PollerPort.swift": ofTheLoop,
    "Sources/EventLoops/Emulation/ReadinessOperation.swift": ofTheLoop + "; cancelling is handed over to it",
    "Sources/SelectorLoop/SelectorDriver.swift": ofTheLoop + "; waking it only writes to a descriptor",
]

private let ofTheLoop = "stored anywhere, but used on its loop's thread only"
