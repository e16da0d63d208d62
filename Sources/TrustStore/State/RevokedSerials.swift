/// The serial numbers of one CRL, as they came: in chunks, in order. A copy shares the chunks.
package struct RevokedSerials: Sendable, Equatable {
    /// By sequence.
    private(set) var chunks: [RevokedSerialsRecord] = []

    package var count: Int { chunks.reduce(0) { $0 + $1.count } }

    /// In its place, whatever the order in which chunks are read back.
    mutating func insert(_ chunk: RevokedSerialsRecord) {
        let place = chunks.lastIndex { $0.sequence <= chunk.sequence }
        if let place, chunks[place].sequence == chunk.sequence {
            chunks[place] = chunk
        } else {
            chunks.insert(chunk, at: place.map { $0 + 1 } ?? 0)
        }
    }

    /// In time that grows with the logarithm of how many there are.
    package func contains(_ serial: [UInt8]) -> Bool {
        guard let chunk = chunk(for: serial) else { return false }
        var low = 0
        var high = chunk.count
        while low < high {
            let middle = (low + high) / 2
            let found = chunk.serial(at: middle)
            if found.elementsEqual(serial) { return true }
            if found.lexicographicallyPrecedes(serial) { low = middle + 1 } else { high = middle }
        }
        return false
    }

    /// The last one that does not begin after it.
    private func chunk(for serial: [UInt8]) -> RevokedSerialsRecord? {
        var low = 0
        var high = chunks.count
        while low < high {
            let middle = (low + high) / 2
            let chunk = chunks[middle]
            let isAfter = chunk.length != serial.count ? chunk.length > serial.count
                : serial.lexicographicallyPrecedes(chunk.serial(at: 0))
            if isAfter { high = middle } else { low = middle + 1 }
        }
        guard low > 0, chunks[low - 1].length == serial.count else { return nil }
        return chunks[low - 1]
    }
}
