import HashTreeCollections

/// Who revoked and why, numbered as they come.
struct RevocationCauses: Sendable {
    struct Cause: Hashable, Sendable {
        let reason: String?
        let createdBy: String
    }

    /// Beyond these a record keeps its own texts.
    static let countMax = 65_536

    private var causes: TreeDictionary<UInt32, Cause> = [:]
    private var numbers: TreeDictionary<Cause, UInt32> = [:]

    subscript(number: UInt32) -> Cause { causes[number] ?? Cause(reason: nil, createdBy: "") }

    /// Texts that are equal to Swift and are other bytes would come back as the first of them; only ASCII is numbered.
    mutating func number(_ cause: Cause) -> UInt32? {
        if let number = numbers[cause] { return cause.isASCII ? number : nil }
        guard causes.count < Self.countMax, cause.isASCII else { return nil }
        let number = UInt32(causes.count)
        causes[number] = cause
        numbers[cause] = number
        return number
    }
}

extension RevocationCauses.Cause {
    var isASCII: Bool { createdBy.utf8.allSatisfy { $0 < 0x80 } && reason?.utf8.allSatisfy { $0 < 0x80 } ?? true }
}
