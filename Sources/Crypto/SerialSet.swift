/// Serial numbers by their length, each group sorted, without repeats and packed: a million of them take as many bytes as
/// they have octets.
package struct SerialSet: Sendable, Equatable {
    package struct Group: Sendable, Equatable {
        /// Octets of each.
        package let length: Int
        package let bytes: [UInt8]
    }

    /// By length, shortest first; none is empty.
    package let groups: [Group]

    package var count: Int { groups.reduce(0) { $0 + $1.bytes.count / $1.length } }

    struct Builder {
        private var packed: [[UInt8]] = Array(repeating: [], count: SerialNumber.octetsMax + 1)

        /// False for what is no serial number.
        mutating func add(_ serial: [UInt8]) -> Bool {
            guard (1...SerialNumber.octetsMax).contains(serial.count) else { return false }
            packed[serial.count] += serial
            return true
        }

        consuming func finish() -> SerialSet {
            SerialSet(groups: packed.enumerated().compactMap { length, bytes in
                bytes.isEmpty ? nil : Group(length: length, bytes: Self.sorted(bytes, length))
            })
        }

        private static func sorted(_ bytes: [UInt8], _ length: Int) -> [UInt8] {
            func isBefore(_ left: UInt32, _ right: UInt32) -> Bool {
                let (left, right) = (Int(left) * length, Int(right) * length)
                for offset in 0..<length where bytes[left + offset] != bytes[right + offset] {
                    return bytes[left + offset] < bytes[right + offset]
                }
                return false
            }
            let order = Array(UInt32(0)..<UInt32(bytes.count / length)).sorted(by: isBefore)
            var sorted: [UInt8] = []
            sorted.reserveCapacity(bytes.count)
            var last: UInt32?
            for position in order {
                if let last, !isBefore(last, position) { continue }
                sorted += bytes[Int(position) * length..<(Int(position) + 1) * length]
                last = position
            }
            return sorted
        }
    }
}
