import EventLoops
import Glibc
import Kernel
import Proactor
import ProactorTesting
import TestSupport
import Testing

extension Conformance {
    @Suite struct Places {
        /// DEBUG-007.
        @Test(arguments: LoopKind.allCases)
        func handles_recordTheirSourceLocation(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                loop.debug = true
                let line = UInt(#line) + 2
                let handles = [
                    loop.callSoon {},
                    loop.callLater(.zero) {},
                    loop.callAt(loop.time) {},
                    try loop.callSoonThreadsafe {},
                    loop.callSoon(context: loop.copyContext()) {},
                    loop.callLater(.zero, context: loop.copyContext()) {},
                ]
                for (index, handle) in handles.enumerated() {
                    #expect(handle.sourcePlace?.description == "\(#fileID):\(line + UInt(index))")
                    #expect(handle.description.hasSuffix(" created at \(#fileID):\(line + UInt(index))>"))
                }
                try await loop.turns()
            }
        }

        /// DEBUG-007: from another thread, and where the loop's internal tables make the handles.
        @Test(arguments: LoopKind.allCases)
        func handles_recordTheSourceLocationOfTheCaller(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, recorder in
                loop.debug = true
                let pipe = try Pipe()
                let posted = UInt(#line) + 1
                try await onThread { _ = try loop.callSoonThreadsafe { throw Mishap(number: 1) } }
                let watched = UInt(#line) + 1
                try loop.addWriter(pipe.writeEnd) {
                    try loop.removeWriter(pipe.writeEnd)
                    throw Mishap(number: 2)
                }
                let caught = UInt(#line) + 1
                try loop.addSignalHandler(SIGUSR2) { throw Mishap(number: 3) }
                kill(getpid(), SIGUSR2)
                let future = loop.createFuture(of: Void.self)
                let followed = UInt(#line) + 1
                future.addDoneCallback { _ in throw Mishap(number: 4) }
                try future.setResult(())
                try await loop.eventually("all errors") { recorder.contexts.count == 4 }
                try loop.removeSignalHandler(SIGUSR2)
                let places = recorder.take().sorted { Self.number($0) < Self.number($1) }.map { $0.sourcePlace?.line }
                #expect(places == [posted, watched, caught, followed])
            }
        }

        private static func number(_ context: ExceptionContext) -> Int {
            (context.error as? Mishap)?.number ?? 0
        }

        /// DEBUG-007.
        @Test(arguments: LoopKind.allCases)
        func futuresAndTasks_recordTheirSourceLocation(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                loop.debug = true
                let line = UInt(#line) + 1
                let future = loop.createFuture(of: Int.self)
                let task = loop.createTask(name: "mine") {}
                let code = loop.ensureFuture {}
                #expect(future.description == "<Future<Int> pending created at \(#fileID):\(line)>")
                #expect(task.description == "<LoopTask mine pending created at \(#fileID):\(line + 1)>")
                #expect(code.place?.line == line + 2)
                loop.setTaskFactory(EagerTaskFactory())
                let eager = loop.createTask {}
                #expect(eager.place?.line == line + 7, "the source location is that of the factory")
                loop.setTaskFactory(nil)
                try loop.turn(3)
                #expect(task.description.hasPrefix("<LoopTask mine finished created at"))
            }
        }

        /// DEBUG-007.
        @Test(arguments: LoopKind.allCases)
        func sourceLocations_areNotRecorded_withoutDebugMode(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                #expect(loop.callSoon {}.sourcePlace == nil)
                #expect(loop.callLater(.zero) {}.description == "<TimerHandle>")
                #expect(loop.createFuture(of: Int.self).description == "<Future<Int> pending>")
                let task = loop.createTask(name: "mine") {}
                #expect(task.place == nil)
                try loop.turn(3)
                #expect(task.description == "<LoopTask mine finished>")
            }
        }

        /// DEBUG-012.
        @Test(arguments: LoopKind.allCases)
        func handle_keepsItsSourceLocation_afterCancellationOrRun(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                loop.debug = true
                let line = UInt(#line) + 1
                let cancelled = loop.callSoon {}
                cancelled.cancel()
                cancelled.cancel()
                #expect(cancelled.description == "<Handle cancelled created at \(#fileID):\(line)>")
                let timer = loop.callLater(.seconds(60)) {}
                timer.cancel()
                loop.debug = false
                #expect(timer.description == "<TimerHandle cancelled created at \(#fileID):\(line + 4)>")
                loop.debug = true
                let ran = loop.callSoon {}
                try loop.turn()
                #expect(ran.description == "<Handle created at \(#fileID):\(line + 9)>")
            }
        }
    }
}
