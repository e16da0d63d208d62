/// A span as Incus writes it: `3H`, `1d 12H`; numbers with one of the units S M H d w m y, each at most once.
enum ExpiryText {
    private static let units: [(name: Character, seconds: Int64)] = [
        ("y", 31_536_000), ("m", 2_592_000), ("w", 604_800), ("d", 86_400), ("H", 3_600), ("M", 60), ("S", 1),
    ]

    /// Seconds; nil for anything else. A month has 30 days and a year 365.
    static func seconds(_ text: String) -> Int64? {
        var total: Int64 = 0
        var seen: Set<Character> = []
        for part in text.split(separator: " ") {
            guard let name = part.last, let unit = units.first(where: { $0.name == name }), seen.insert(name).inserted,
                let count = Int64(part.dropLast()), (0...1_000_000_000).contains(count), part.first != "+"
            else { return nil }
            total += count * unit.seconds
        }
        return seen.isEmpty ? nil : total
    }

    /// In the largest units that say it exactly, and no more than two of them where that will do.
    static func text(_ seconds: Int64) -> String {
        var rest = seconds
        var parts: [String] = []
        // Months and years are of no fixed length elsewhere, so they are read and never written.
        for unit in units.dropFirst(2) where rest >= unit.seconds {
            parts.append("\(rest / unit.seconds)\(unit.name)")
            rest %= unit.seconds
        }
        return parts.isEmpty ? "0S" : parts.joined(separator: " ")
    }
}
