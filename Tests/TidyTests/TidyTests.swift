import Testing

/// Checks the rules of the project against the files of the package.
///
/// Each finding says how to fix it.
@Suite struct TidyTests {
    private let tree: PackageTree

    init() throws {
        tree = try PackageTree.current()
    }

    @Test func sources_importOnlyWhatIsBelow() throws {
        let files = try sources()
        report(files.flatMap { ImportRule.findings(in: $0) })
    }

    @Test func testSupport_importsOnlyWhatIsBelow() throws {
        let files = try tree.swiftFiles(in: ["Tests/TestSupport"])
        #expect(!files.isEmpty)
        let system = Modules.system.union(["Testing"])
        report(files.flatMap { ImportRule.findings(in: $0, module: "TestSupport", system: system) })
    }

    @Test func manifest_dependsOnlyOnWhatIsBelow() throws {
        let manifest = try tree.file("Package.swift")
        let names = manifestTargets(manifest.text).map(\.name)
        #expect(names.sorted() == Modules.imports.keys.sorted(), "fix manifestTargets, or Modules.swift")
        report(ImportRule.findings(inManifest: manifest))
    }

    @Test func targets_haveNoRingOfFiles() throws {
        let files = try tree.swiftFiles(in: PackageTree.swiftDirectories)
        for start in ["Sources/EventLoops/", "Tests/ConformanceTests/", "Examples/Sources/HTTPServer/"] {
            #expect(files.contains { $0.path.hasPrefix(start) }, "\(start) was not found")
        }
        report(RingRule.findings(in: files))
    }

    @Test func eventLoops_callTheKernelThroughTheSeams() throws {
        report(try sources().flatMap { KernelSeamRule.findings(in: $0) })
    }

    @Test func folders_haveNoRing() throws {
        let files = try sources()
        #expect(files.contains { $0.path.hasPrefix("Sources/EventLoops/Core/") }, "the folders were not found")
        report(FolderRule.findings(in: files))
    }

    @Test func sources_haveNoLeftovers() throws {
        let headers = try tree.textFiles().filter { $0.path.hasPrefix("Sources/") && !$0.isSwift }
        report((try sources() + headers).flatMap { LeftoverRule.findings(in: $0) })
    }

    @Test func sources_documentWhatIsPublic() throws {
        report(try sources().flatMap { DocumentationRule.findings(in: $0) })
    }

    @Test func files_areLaidOutAlike() throws {
        let swift = try tree.swiftFiles(in: PackageTree.swiftDirectories + ["Package.swift"])
        let other = try tree.textFiles().filter { !$0.isSwift }
        #expect(!swift.isEmpty)
        report((swift + other).flatMap { LayoutRule.findings(in: $0) })
    }

    @Test func sources_haveOneSubjectAFile() throws {
        report(try sources().flatMap { SizeRule.findings(in: $0) })
    }

    @Test func git_tracksNothingThatToolsMake() throws {
        // An exported copy of the package is not a checkout and tracks nothing.
        report(TrackedFilesRule.findings(in: tree.trackedPaths() ?? []))
    }

    @Test func sources_giveAReasonForUncheckedSendable() throws {
        report(UncheckedSendableRule.findings(in: try sources(), reasons: uncheckedSendableReasons))
    }

    @Test func files_nameNoPrivatePath() throws {
        let files = try tree.textFiles()
        #expect(files.count > 10, "hardly any text file was found: fix PackageTree.textFiles")
        report(files.flatMap { PrivatePathRule.findings(in: $0) })
    }

    @Test func testLists_nameExistingFiles_andMissNone() throws {
        let lists = try tree.textFiles().filter { $0.path.hasPrefix(TestListRule.folder) }
        let tests = try tree.swiftFiles(in: ["Tests"])
        #expect(!tests.isEmpty, "no test was found: fix PackageTree.swiftFiles")
        report(TestListRule.findings(in: lists, tests: tests))
    }

    /// A rule without files has no findings, so an empty list is a failure.
    private func sources() throws -> [SourceFile] {
        let files = try tree.swiftFiles()
        try #require(!files.isEmpty, "no Swift file was found below Sources: fix PackageTree.swiftFiles")
        return files
    }
}
