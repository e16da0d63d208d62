import FoundationEssentials

/// The program under test: the `credence` that was built along with this test program, or the one that
/// CREDENCE_BINARY names.
enum Binary {
    /// A build of the next feature level, for clusters of two versions; nil when there is none.
    static let next = ProcessInfo.processInfo.environment["CREDENCE_NEXT_BINARY"]

    static let path: String = {
        if let named = ProcessInfo.processInfo.environment["CREDENCE_BINARY"] { return named }
        let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        return own.prefix(upTo: own.lastIndex(of: "/") ?? own.startIndex) + "/credence"
    }()
}
