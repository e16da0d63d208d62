import JOSE

/// The CRL of the cluster's own CA, as the leader signed it once: every member serves these very bytes.
package struct ClusterListRecord: Sendable, Equatable {
    package static let key = "cluster"

    /// Its CRL number: one more than that of the list before it.
    package var number: Int64
    /// Unix seconds.
    package var thisUpdateAt: Int64
    package var nextUpdateAt: Int64
    /// Of what it revokes, so that a leader sees whether it still says what it should.
    package var hash: [UInt8]
    package var count: Int64
    package var der: [UInt8]
    /// The same list by the former CA, in an overlap.
    package var formerDER: [UInt8]?

    package init(number: Int64, thisUpdateAt: Int64, nextUpdateAt: Int64, hash: [UInt8], count: Int64, der: [UInt8], formerDER: [UInt8]? = nil) {
        self.number = number
        self.thisUpdateAt = thisUpdateAt
        self.nextUpdateAt = nextUpdateAt
        self.hash = hash
        self.count = count
        self.der = der
        self.formerDER = formerDER
    }

    /// Both are in one entry of the log.
    package var byteCount: Int { der.count + (formerDER?.count ?? 0) }

    func check() throws(CommandRefusal) {
        let times = 0...(StateLimits.timeMillisecondsMax / 1_000)
        try Check.range(thisUpdateAt, times, "this_update_at")
        try Check.range(nextUpdateAt, times, "next_update_at")
        try Check.hash(hash, "hash")
        guard !der.isEmpty, formerDER != [], byteCount <= StateLimits.clusterListBytesMax else {
            throw .invalid("der", "must be 1 to \(StateLimits.clusterListBytesMax) bytes, both lists together")
        }
    }
}

extension ClusterListRecord: RecordCodable {
    init(from reader: inout JSONObjectReader) throws(JSONFieldError) {
        self.init(
            number: try reader.integer("number"), thisUpdateAt: try reader.integer("this_update_at"),
            nextUpdateAt: try reader.integer("next_update_at"), hash: try reader.bytes("hash"), count: try reader.integer("count"),
            der: try reader.base64URL("der", maxBytes: StateLimits.clusterListBytesMax),
            formerDER: try reader.optionalBase64URL("former_der", maxBytes: StateLimits.clusterListBytesMax))
    }

    func write(to writer: inout RecordWriter) {
        writer.integer("number", number)
        writer.integer("this_update_at", thisUpdateAt)
        writer.integer("next_update_at", nextUpdateAt)
        writer.bytes("hash", hash)
        writer.integer("count", count)
        writer.bytes("der", der)
        writer.bytes("former_der", formerDER)
    }
}
