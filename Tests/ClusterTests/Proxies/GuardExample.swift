/// One of the files under `cluster/proxies`, with the values that its reader is to replace replaced.
struct GuardExample {
    private(set) var text: String
    private let name: String

    private static let folder = #filePath.split(separator: "/").dropLast(4).map { "/" + $0 }.joined() + "/cluster/proxies"

    init(_ name: String) throws {
        self.name = name
        text = Files.text("\(Self.folder)/\(name)")
        if text.isEmpty { throw TestFailure("there is no example \(name)") }
    }

    /// What the example names must be in it, or a reader looks for it in vain.
    mutating func replace(_ value: String, by replacement: String) throws {
        guard text.contains(value) else { throw TestFailure("\(name) does not hold \(value)") }
        text = text.split(separator: value, omittingEmptySubsequences: false).joined(separator: replacement)
    }
}
