/// The fields that decide where a message ends and whether another may follow.
///
/// Each may occur once. A repeated Content-Length is refused even if the values agree: RFC 9112 §6.3 allows either, and
/// something before us may have read the other one.
struct FramingFields {
    var contentLength: Range<Int>?
    var transferCoding: Range<Int>?
    var closesConnection = false

    mutating func read(_ slot: FieldSlot, in bytes: [UInt8]) throws(HTTPParseError) {
        switch slot.name.count {
        case 10 where bytes.equalsIgnoringCase(slot.name, "connection"):
            if bytes.listContains(slot.value, "close") { closesConnection = true }
        case 14 where bytes.equalsIgnoringCase(slot.name, "content-length"):
            guard contentLength == nil else { throw .repeatedContentLength }
            contentLength = slot.value
        case 17 where bytes.equalsIgnoringCase(slot.name, "transfer-encoding"):
            guard transferCoding == nil else { throw .repeatedTransferCoding }
            transferCoding = slot.value
        default: break
        }
    }

    /// The body's framing, or `nil` when neither field was there.
    func framing(in bytes: [UInt8], version: HTTPVersion) throws(HTTPParseError) -> BodyFraming? {
        if let transferCoding {
            // RFC 9112 §6.1: a coding in an HTTP/1.0 message means faulty framing, whatever it says.
            guard version == .http11 else { throw .transferCodingBeforeHTTP11 }
            guard contentLength == nil else { throw .lengthWithTransferCoding }
            guard bytes.equalsIgnoringCase(transferCoding, "chunked") else { throw .unsupportedTransferCoding }
            return .chunked
        }
        guard let contentLength else { return nil }
        return .length(try bytes.decimal(contentLength))
    }
}

extension HTTPHead {
    /// Applies RFC 9110 §7.2 (Host), RFC 9112 §6 (framing) and §9.3 (persistence) once all fields have arrived.
    mutating func readFields() throws(HTTPParseError) {
        let authority = try readTarget()
        var framingFields = FramingFields()
        var expectation: Range<Int>?
        for slot in lines.fields {
            try framingFields.read(slot, in: lines.bytes)
            switch slot.name.count {
            case 4 where bytes.equalsIgnoringCase(slot.name, "host"):
                guard hostRange == nil else { throw .repeatedHost }
                hostRange = slot.value
            case 6 where bytes.equalsIgnoringCase(slot.name, "expect"):
                guard expectation == nil else { throw .unknownExpectation }
                expectation = slot.value
            case 13 where bytes.equalsIgnoringCase(slot.name, "authorization"):
                // A proxy in front may have checked the one we would not use.
                guard authorizationRange == nil else { throw .repeatedAuthorization }
                authorizationRange = slot.value
            default: break
            }
        }
        try checkHost(authority: authority)
        if let expectation {
            guard bytes.equalsIgnoringCase(expectation, "100-continue") else { throw .unknownExpectation }
        }
        framing = try framingFields.framing(in: bytes, version: version) ?? .none
        // RFC 9110 §10.1.1: the expectation of an HTTP/1.0 client is ignored.
        expectsContinue = expectation != nil && version == .http11
        isPersistent = version == .http11 && !framingFields.closesConnection
    }

    /// RFC 9112 §3.2: exactly one valid Host in HTTP/1.1. With an absolute-form target RFC 9112 §3.2.2 ignores Host;
    /// we refuse a request in which the two differ, because whoever forwarded it may have gone by the other.
    private func checkHost(authority: Range<Int>?) throws(HTTPParseError) {
        guard let hostRange else {
            guard version == .http10 else { throw .missingHost }
            return
        }
        guard bytes.isHost(hostRange) else { throw .invalidHost }
        guard let authority else { return }
        guard bytes.equalsIgnoringCase(authority, text(hostRange)) else { throw .hostDisagreesWithTarget }
    }
}

extension [UInt8] {
    /// `1*DIGIT` and nothing else: no sign, no blank, no list (RFC 9110 §8.6). Eighteen digits cannot overflow.
    func decimal(_ range: Range<Int>) throws(HTTPParseError) -> Int {
        guard (1...18).contains(range.count) else { throw .invalidContentLength }
        var value = 0
        for byte in self[range] {
            guard byte.isDigit else { throw .invalidContentLength }
            value = value * 10 + Int(byte - UInt8(ascii: "0"))
        }
        return value
    }

    /// Whether a comma-separated list (RFC 9110 §5.6.1) has that member, whatever its case.
    func listContains(_ range: Range<Int>, _ member: String) -> Bool {
        var start = range.lowerBound
        while start <= range.upperBound {
            let end = self[start..<range.upperBound].firstIndex(of: UInt8(ascii: ",")) ?? range.upperBound
            if equalsIgnoringCase(trimmingBlanks(start..<end), member) { return true }
            start = end + 1
        }
        return false
    }
}
