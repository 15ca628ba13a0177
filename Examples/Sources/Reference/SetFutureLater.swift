import Proactor

/// The example of asyncio's chapter on futures: one task waits for a future, and another sets its result later.
func setFutureLater() throws {
    try run { loop in
        let future = loop.createFuture(of: String.self)
        loop.createTask { try await set(future, after: .seconds(1), to: "... world", loop) }
        print("hello ...")
        print(try await future.value)
    }
}

private func set(
    _ future: Future<String>, after delay: Duration, to value: String, _ loop: any AbstractEventLoop
) async throws {
    try await loop.sleep(for: delay)
    try future.setResult(value)
}
