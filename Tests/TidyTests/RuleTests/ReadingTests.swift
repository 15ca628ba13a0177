import Testing

/// Tests of the text reader that all rules use.
@Suite struct ReadingTests {
    @Test func comments_areBlanked_lineForLine() {
        #expect(codeOnly("a // b\nc") == "a     \nc")
        #expect(codeOnly("a /* b\n/* c */ */ d").filter { $0 != " " } == "a\nd")
    }

    @Test func strings_areBlanked_butInterpolationsAreCode() {
        #expect(words("let a = \"Text \\(Name(\"x\", b)) more\"") == ["let", "a", "Name", "b"])
        #expect(words("let a = #\"Raw \\(Text) \" still\"# + c") == ["let", "a", "c"])
        #expect(
            words("let a = \"\"\"\n  Text \"quoted\" // no comment\n  \\(b)\n  \"\"\"\nc") == ["let", "a", "b", "c"])
        #expect(words("let a = \"\\\"\" + b") == ["let", "a", "b"])
        #expect(words("let a = \"\" + b") == ["let", "a", "b"])
    }

    @Test func tokens_knowTheirLine() {
        let found = tokens(of: "a.b\n  `case` c")
        #expect(found.map(\.text) == ["a", ".", "b", "`case`", "c"])
        #expect(found.map(\.line) == [1, 1, 1, 2, 2])
        #expect(found.map(\.isFirstOnLine) == [true, false, false, false, false])
    }

    @Test func declarations_haveModifiersNameAndParent() {
        let found = declarations(
            in: """
                @available(*, unavailable)
                @MainActor public final class Box<T>: Base {
                    private(set) var value: Int { 1 }
                    public static func == (a: Box, b: Box) -> Bool { true }
                    class func make(
                        let: Int
                    ) {
                        switch x {
                        case .a: break
                        }
                    }
                }
                enum Kind {
                    case a
                }
                """)
        #expect(found.map(\.name) == ["Box", "value", "==", "make", ".", "Kind", "a"])
        #expect(found.map(\.kind) == ["class", "var", "func", "func", "case", "enum", "case"])
        #expect(found.map(\.parent) == [nil, 0, 0, 0, nil, nil, 5])
        #expect(found[0].modifiers == ["public", "final"])
        #expect(found[1].modifiers == ["private(set)"])
        #expect([found[0].firstLine, found[0].line, found[0].lastLine] == [1, 2, 12])
        #expect(found.map(\.depth) == [0, 1, 1, 1, 3, 0, 1])
    }

    @Test func imports_giveTheModule() {
        let text = "public import Kernel\n@_exported import struct Glibc.stat\nimport  Synchronization"
        #expect(declarations(in: text).map(\.name) == ["Kernel", "Glibc", "Synchronization"])
    }

    private func words(_ text: String) -> [String] {
        tokens(of: codeOnly(text)).filter(\.isWord).map(\.text)
    }
}
