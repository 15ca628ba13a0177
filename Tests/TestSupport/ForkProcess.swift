/// fork(2), which Swift does not import.
@_silgen_name("fork") package func forkProcess() -> Int32
