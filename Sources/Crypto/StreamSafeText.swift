/// Whether text can be compared and hashed in time that grows with its length (UAX #15 §13, Stream-Safe Text Format).
///
/// Swift compares strings by canonical equivalence, for which it puts the marks of each letter in order, in time that grows with
/// the square of how many there are: half a megabyte of them takes half a minute. No language stacks more than a few.
/// What strangers send is asked this before it is compared with anything; here, since every layer that reads such text has
/// this one below it.
package enum StreamSafeText {
    /// Marks in a row at most, as the standard has it.
    package static let marksMax = 30

    package static func isSafe(_ text: String) -> Bool {
        var marks = 0
        for scalar in text.unicodeScalars {
            marks = isMark(scalar) ? marks + 1 : 0
            if marks > marksMax { return false }
        }
        return true
    }

    private static func isMark(_ scalar: Unicode.Scalar) -> Bool {
        // No mark comes before U+0300, and most text needs no look at its properties.
        guard scalar.value >= 0x300 else { return false }
        // Three Tibetan vowels are none, and are made of nothing else.
        return scalar.properties.canonicalCombiningClass != .notReordered || [0xF73, 0xF75, 0xF81].contains(scalar.value)
    }
}
