import Testing

/// Each rule finds its violations, and accepts similar code that is correct.
@Suite struct RuleTests {
    @Test func importRule_findsImportsThatPointUp() {
        #expect(imports("Kernel", "import CLinux\npublic import Glibc") == [])
        #expect(imports("Kernel", "import CLinux\n@_exported import Uring") == [2])
        #expect(imports("Uring", "import EventLoops") == [1])
        #expect(imports("ProactorLoop", "import CUring") == [1])
        #expect(imports("Proactor", "import Foundation") == [1])
        #expect(imports("EventLoops", "#if os(Linux)\n    import class Dispatch.DispatchQueue\n#endif") == [2])
        #expect(imports("EventLoops", "// import Foundation\nlet text = \"import Dispatch\"") == [])
        #expect(imports("Unknown", "import Glibc") == [1])
    }

    @Test func importRule_comparesTheManifestWithTheTable() {
        let text = """
            targets: [
                .target(name: "CUring", linkerSettings: [.linkedLibrary("uring")]),
                .target(name: "Uring", dependencies: ["CUring", "Kernel"], swiftSettings: dialect),
                .target(name: "Kernel", dependencies: ["Uring"]),
                .target(name: "Unknown"),
                .testTarget(name: "KernelTests", dependencies: ["Kernel"]),
            """
        #expect(manifestTargets(text).map(\.name) == ["CUring", "Uring", "Kernel", "Unknown"])
        #expect(manifestTargets(text).map(\.dependencies) == [[], ["CUring", "Kernel"], ["Uring"], []])
        #expect(ImportRule.findings(inManifest: SourceFile("Package.swift", text)).map(\.line) == [4, 5])
    }

    @Test func importRule_readsTargetsOverSeveralLines() {
        let text = """
            .target(
                name: "Uring",
                dependencies: [
                    "CUring", "Kernel",
                    "EventLoops",
                ],
                linkerSettings: [.linkedLibrary("uring")]
            ),
            .target(
            )
            """
        #expect(manifestTargets(text).map(\.name) == ["Uring", ""])
        #expect(manifestTargets(text).map(\.dependencies) == [["CUring", "Kernel", "EventLoops"], []])
        #expect(ImportRule.findings(inManifest: SourceFile("Package.swift", text)).map(\.line) == [1, 9])
    }

    @Test func ringRule_findsAnIndirectRing() {
        let files = [
            file("A", "public struct A { let b: B }"),
            file("B", "enum B { static let c = \"\\(C.self)\" }"),
            file("C", "typealias C = Int\nextension A {}"),
            file("D", "struct D { let a: A, b: B, c: C }"),
        ]
        let found = RingRule.findings(in: files)
        #expect(found.count == 1)
        #expect(found.first?.message.contains("A.swift, B.swift, C.swift") == true)
        #expect(found.first?.message.contains("B.swift -> C.swift: C (line 1)") == true)
        #expect(found.first?.message.contains("D.swift") == false)
    }

    @Test func ringRule_acceptsWhatOnlyResemblesARing() {
        let usesB = file("A", "struct A { let b: B }")
        #expect(RingRule.findings(in: [usesB, file("B", "struct B { let a: A }")]).count == 1)
        #expect(RingRule.findings(in: [usesB, file("B", "struct B {}\n// A")]) == [])
        #expect(RingRule.findings(in: [usesB, file("B", "struct B { let text = \"A\" }")]) == [])
        #expect(RingRule.findings(in: [usesB, file("B", "private struct B { let a: A }")]) == [])
        #expect(RingRule.findings(in: [usesB, SourceFile("Sources/Uring/B.swift", "struct B { let a: A }")]) == [])
    }

    @Test func ringRule_readsTheTargetsOfEveryPackage() {
        func rings(_ first: String, _ second: String) -> Int {
            let files = [
                SourceFile(first, "struct A { let b: B }"), SourceFile(second, "extension A {}\nstruct B { let a: A }"),
            ]
            return RingRule.findings(in: files).count
        }
        #expect(rings("Tests/KernelTests/A.swift", "Tests/KernelTests/Support/B.swift") == 1)
        #expect(rings("Examples/Sources/Chat/A.swift", "Examples/Sources/Chat/B.swift") == 1)
        #expect(rings("Tests/KernelTests/A.swift", "Tests/UringTests/B.swift") == 0)
        #expect(rings("Examples/Sources/Chat/A.swift", "Examples/Sources/Timer/B.swift") == 0)
    }

    @Test func folderRule_findsARingOfFolders() {
        let files = [
            SourceFile("Sources/EventLoops/Low/A.swift", "struct A {}"),
            SourceFile("Sources/EventLoops/Low/B.swift", "struct B { let d: D }"),
            SourceFile("Sources/EventLoops/High/C.swift", "struct C { let a: A }"),
            SourceFile("Sources/EventLoops/High/D.swift", "struct D {}"),
            SourceFile("Sources/EventLoops/Top/E.swift", "struct E { let c: C }"),
        ]
        #expect(RingRule.findings(in: files) == [])
        let found = FolderRule.findings(in: files)
        #expect(found.map(\.path) == ["Sources/EventLoops/High"])
        #expect(found.first?.message.contains("2 folders in EventLoops: High, Low") == true)
        #expect(found.first?.message.contains("B.swift -> D.swift: D (line 1)") == true)
        #expect(found.first?.message.contains("C.swift -> A.swift: A (line 1)") == true)
        #expect(FolderRule.findings(in: Array(files.dropLast(2))) == [])
        let elsewhere = SourceFile("Sources/EventLoops/D.swift", "struct D { let c: C }")
        #expect(FolderRule.findings(in: Array(files.prefix(3)) + [elsewhere]) == [])
    }

    @Test func components_areThoseOfTheGraph() {
        let found = components(of: [[1], [2], [0, 3], [4], [3], [5], []])
        #expect(Set(found.map { Set($0) }) == [[0, 1, 2], [3, 4], [5], [6]])
    }

    @Test func kernelSeamRule_findsCallsOutsideTheSeams() {
        let text = "// SocketCalls\nlet a = try SocketCalls.pair()\ntry Descriptor.close(3)\nlet b = DescriptorTable()"
        func lines(_ path: String) -> [Int] { KernelSeamRule.findings(in: SourceFile(path, text)).map(\.line) }
        #expect(lines("Sources/EventLoops/Serving/Server.swift") == [2, 3])
        #expect(lines("Sources/EventLoops/Driver/KernelSockets.swift") == [])
        #expect(lines("Sources/SelectorLoop/Waker.swift") == [])
    }

    @Test func leftoverRule_findsTheUnfinished() throws {
        let word = try #require(LeftoverRule.words.first)
        #expect(leftovers("let a = 1\n// \(word): later") == [2])
        #expect(leftovers("let a = \"\(word)S\"") == [])
        #expect(leftovers("fatal" + "Error(\"Unimplemented\")") == [1])
        #expect(leftovers("fatalError(\"an invariant broke\")") == [])
    }

    @Test func leftoverRule_findsPrinting() {
        #expect(leftovers("a()\nprint(1)\nSwift.print(2)\ndebugPrint(3)") == [2, 3, 4])
        #expect(leftovers("page.print(1)\nfunc print(_ a: Int) {}\n/// print(1)\nsprint(2)") == [])
    }

    @Test func documentationRule_findsTheUndocumented() {
        #expect(undocumented("/// Yes.\npublic struct A {}\n\npublic struct B {}") == [4])
        #expect(undocumented("// No.\npublic func a() {}") == [2])
        #expect(undocumented("/// Yes.\n\npublic func a() {}") == [3])
        #expect(undocumented("/// Yes.\nopen class A {\n    public private(set) final var a = 1\n}") == [3])
        #expect(undocumented("/// Yes.\npublic struct A {\n    package var a = 1\n    public var b = 2\n}") == [4])
    }

    @Test func documentationRule_knowsWhatIsPublicWithoutSayingSo() {
        #expect(undocumented("/// Yes.\npublic protocol A {\n    func b()\n    /// Yes.\n    func c()\n}") == [3])
        #expect(undocumented("protocol A {\n    func b()\n}") == [])
        #expect(undocumented("/// Yes.\npublic enum A {\n    case b\n}\nenum B {\n    case c\n}") == [3])
        #expect(undocumented("extension A {\n    @inlinable\n    public init() {}\n}") == [3])
    }

    @Test func documentationRule_letsPassAttributesImportsAndBoilerplate() {
        #expect(undocumented("/// Yes.\n@available(\n    *, unavailable\n)\n@inlinable public func a() {}") == [])
        #expect(undocumented("/// Yes.\n// swift-format-ignore\npublic func a() {}") == [])
        #expect(undocumented("public import Kernel\npackage struct A {}") == [])
        #expect(undocumented("extension A {\n    public static func == (a: A, b: A) -> Bool { true }\n}") == [])
        #expect(undocumented("extension A {\n    public var description: String {\n        text\n    }\n}") == [])
        let lines = Array(repeating: "        work()\n", count: 6).joined()
        #expect(undocumented("extension A {\n    public var description: String {\n\(lines)    }\n}") == [2])
    }

    @Test func layoutRule_findsWidthTabsAndEndings() {
        let wide = String(repeating: "a", count: 121)
        #expect(layout("\(wide)\n") == [1])
        #expect(layout("\(wide.dropLast())\n") == [])
        #expect(layout("\(String(repeating: "ä", count: 120))\n") == [])
        #expect(layout("a\n\tb\n") == [2])
        #expect(layout("a") == [1])
        #expect(layout("a\n\n") == [2])
        #expect(layout("") == [])
        #expect(LayoutRule.findings(in: SourceFile("Makefile", "a:\n\t\(wide)\n")) == [])
    }

    @Test func sizeRule_findsTheSecondSubject() {
        let line = "let a = 1\n"
        #expect(SizeRule.findings(in: file("A", String(repeating: line, count: 400))) == [])
        #expect(SizeRule.findings(in: file("A", String(repeating: line, count: 401))).map(\.line) == [401])
    }

    @Test func trackedFilesRule_findsWhatToolsMade() {
        let made = [".build/a.swift", "Examples/.build-tsan/b", "Package.resolved", "Benchmarks/Package.resolved"]
        #expect(TrackedFilesRule.findings(in: made + ["Package.swift", "a.buildme"]).map(\.path) == made)
    }

    @Test func uncheckedSendableRule_wantsAReason() {
        let files = [
            file("A", "final class A:\n    @unchecked Sendable {}"), file("B", "// @unchecked Sendable\nstruct B {}"),
        ]
        #expect(UncheckedSendableRule.findings(in: files, reasons: [:]).map(\.line) == [2])
        #expect(UncheckedSendableRule.findings(in: files, reasons: [files[0].path: ""]).count == 1)
        #expect(UncheckedSendableRule.findings(in: files, reasons: [files[0].path: "locked"]) == [])
        let stale = [files[0].path: "locked", files[1].path: "gone"]
        #expect(UncheckedSendableRule.findings(in: files, reasons: stale).map(\.path) == [files[1].path])
    }

    @Test func testListRule_findsStaleEntriesAndGaps() {
        let threads = "# why\nKernelTests/ATests.swift  calls\nKernelTests/BTests.swift\nKernelTests/GoneTests.swift  x"
        let lists = TestListRule.marks.keys.sorted().map { name in
            SourceFile(TestListRule.folder + name, name == "threads.txt" ? threads : "# none\n")
        }
        func test(_ name: String, _ text: String) -> SourceFile { SourceFile("Tests/KernelTests/\(name).swift", text) }
        let tests = [
            test("ATests", "withThread {}"), test("BTests", ""), test("CTests", "let a = 1\nwithThread {}"),
            test("Helper", "withThread {}"), test("DTests", "// withThread"), test("ETests", "Runner()"),
        ]
        let found = TestListRule.findings(in: lists, tests: tests).map { "\($0.path):\($0.line)" }
        #expect(
            found == [
                "Tests/KernelTests/ETests.swift:1", "Tests/Lists/threads.txt:3", "Tests/Lists/threads.txt:4",
                "Tests/KernelTests/CTests.swift:2",
            ])
        #expect(TestListRule.findings(in: [], tests: tests).count == 3)
    }

    @Test func testListRule_findsSignalsAndNames() {
        func gaps(_ text: String, in folder: String = "ConformanceTests") -> [Int] {
            let lists = TestListRule.marks.keys.map { SourceFile(TestListRule.folder + $0, "# none\n") }
            let test = SourceFile("Tests/\(folder)/ATests.swift", text)
            return TestListRule.findings(in: lists, tests: [test]).map(\.line)
        }
        #expect(gaps("let a = 1\nkill(getpid(), SIGTERM)") == [2])
        #expect(gaps("raise(SIGINT)") == [1])
        #expect(gaps("host: [\"127.0.0.1\", \"localhost\"]") == [1])
        #expect(gaps("kill(child, SIGKILL)\n  // \"localhost\"\nlet localhost = \"localhost.\"") == [])
        #expect(gaps("find(\"localhost\")", in: "KernelTests") == [])
    }

    @Test func privatePathRule_findsPathsOfOneMachine() throws {
        let prefix = try #require(PrivatePathRule.prefixes.first)
        #expect(paths("see \(prefix)notes") == [1])
        #expect(paths("ok\n\"\(prefix)\"") == [2])
        #expect(paths("$(pwd)\(prefix)a, some\(prefix)b, .\(prefix)c") == [])
        #expect(paths("some\(prefix)b and \(prefix)c") == [1])
    }

    private func file(_ name: String, _ text: String) -> SourceFile {
        SourceFile("Sources/Kernel/\(name).swift", text)
    }

    private func imports(_ module: String, _ text: String) -> [Int] {
        ImportRule.findings(in: SourceFile("Sources/\(module)/A.swift", text)).map(\.line)
    }

    private func leftovers(_ text: String) -> [Int] {
        LeftoverRule.findings(in: file("A", text)).map(\.line)
    }

    private func undocumented(_ text: String) -> [Int] {
        DocumentationRule.findings(in: file("A", text)).map(\.line)
    }

    private func layout(_ text: String) -> [Int] {
        LayoutRule.findings(in: file("A", text)).map(\.line)
    }

    private func paths(_ text: String) -> [Int] {
        PrivatePathRule.findings(in: file("A", text)).map(\.line)
    }
}
