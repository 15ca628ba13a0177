/// The lists of test files that CI runs in a special way: each names only files that exist, with a reason, and is
/// complete.
enum TestListRule {
    /// The folder of the lists, and the code that makes a test file belong to a list.
    static let folder = "Tests/Lists/"
    static let marks: [String: [String]] = [
        "threads.txt": [
            "callSoonThreadsafe", "DetachedThread", "HelperThread", "pthread_create", "pthread_kill", "runInExecutor",
            "setWatchdog", "ThreadPoolExecutor", "withThread",
        ],
        "default-backend.txt": ["EventLoopPolicy", "newEventLoop", "Runner"],
        "fallback.txt": ["RingDenial"],
    ]
    /// Marks that are no single word: signals may arrive on any thread, and names are looked up on other threads.
    static let phrases: [String: [String]] = ["threads.txt": ["kill(getpid()", "raise(", "\"localhost\""]]
    /// Folders in which these words mean something else.
    private static let ignoredFolders = ["Tests/TidyTests/", "Tests/TestSupport/", "Tests/Logging/"]
    /// Below the executor: these tests look names up on their own thread.
    private static let foldersWithoutPhrases = ["Tests/KernelTests/"]

    static func findings(in lists: [SourceFile], tests: [SourceFile]) -> [Finding] {
        let paths = Set(tests.map(\.path))
        let missing = marks.keys.filter { name in !lists.contains { $0.name == name } }.sorted().map {
            Finding(folder + $0, 1, "the list is gone, and the run that uses it would run all tests or none")
        }
        return missing + lists.flatMap { entryFindings(in: $0, paths: paths) + gapFindings(in: $0, tests: tests) }
    }

    private static func entryFindings(in list: SourceFile, paths: Set<String>) -> [Finding] {
        list.lines.enumerated().flatMap { index, line in
            let words = line.split(separator: " ")
            guard let path = words.first, path != "#" else { return [Finding]() }
            var found: [Finding] = []
            if !paths.contains("Tests/\(path)") {
                found.append(Finding(list.path, index + 1, "Tests/\(path) does not exist: rename or delete the entry"))
            }
            if words.count < 2 {
                found.append(Finding(list.path, index + 1, "give the reason after the path"))
            }
            return found
        }
    }

    private static func gapFindings(in list: SourceFile, tests: [SourceFile]) -> [Finding] {
        let listed = Set(list.lines.compactMap { $0.split(separator: " ").first.map { "Tests/\($0)" } })
        return tests.compactMap { test in
            guard test.name.hasSuffix("Tests.swift"), !listed.contains(test.path),
                !ignoredFolders.contains(where: test.path.hasPrefix), let use = firstUse(in: test, of: list)
            else { return nil }
            return Finding(
                test.path, use.line, "uses \(use.mark), but is not in \(list.path): list it there with the reason")
        }
    }

    private static func firstUse(in test: SourceFile, of list: SourceFile) -> (mark: String, line: Int)? {
        let words = marks[list.name, default: []]
        if let token = tokens(of: test.code).first(where: { words.contains(String($0.text)) }) {
            return (String(token.text), token.line)
        }
        if foldersWithoutPhrases.contains(where: test.path.hasPrefix) { return nil }
        // The contents of strings count, those of comments do not.
        for (index, line) in test.lines.enumerated() where !line.drop(while: { $0 == " " }).hasPrefix("//") {
            if let phrase = phrases[list.name, default: []].first(where: { line.firstRange(of: $0) != nil }) {
                return (phrase, index + 1)
            }
        }
        return nil
    }
}
