import EventLoops
import Synchronization
import TestSupport
import Testing

@Suite struct TaskAddressTests {
    /// If this were no longer true, waits would still be correct, but each would cost a cancellation handler.
    @Test func continuation_hasTheAddressOfItsTask() async throws {
        let ofTask = try #require(TaskAddress.ofCurrentTask())
        for _ in 0..<3 {
            let ofContinuation = await withUnsafeContinuation { $0.resume(returning: TaskAddress.of($0)) }
            #expect(ofContinuation == ofTask)
        }
    }

    @Test func childTasks_haveAddressesOfTheirOwn() async {
        let mine = TaskAddress.ofCurrentTask()
        async let child = TaskAddress.ofCurrentTask()
        #expect(await child != mine)
        #expect(mine == TaskAddress.ofCurrentTask())
    }

    @Test func address_isTheSame_withinAndOutsideTheTask() async throws {
        let seen = Atomic<UInt>(0)
        let task = TaskJob { seen.store(TaskAddress.ofCurrentTask() ?? 0, ordering: .relaxed) }
        try await task.value
        #expect(TaskAddress.of(task) == seen.load(ordering: .relaxed))
    }
}
