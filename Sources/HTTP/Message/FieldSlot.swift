/// Where one field line lies in the bytes of its head. Both ranges are within those bytes; the value has no outer blanks.
package struct FieldSlot: Sendable, Equatable {
    // 32 bits are enough: a head is bounded far below 4 GiB, and half the size keeps a typical head in four cache lines.
    private let nameStart: UInt32
    private let nameEnd: UInt32
    private let valueStart: UInt32
    private let valueEnd: UInt32

    init(name: Range<Int>, value: Range<Int>) {
        nameStart = UInt32(name.lowerBound)
        nameEnd = UInt32(name.upperBound)
        valueStart = UInt32(value.lowerBound)
        valueEnd = UInt32(value.upperBound)
    }

    package var name: Range<Int> { Int(nameStart)..<Int(nameEnd) }
    package var value: Range<Int> { Int(valueStart)..<Int(valueEnd) }
}
