/// The segments of a path, each percent-decoded after splitting, so an escaped slash stays inside its segment.
package struct PathSegments: Sendable, Equatable {
    package enum Failure: Error, Equatable, Sendable {
        case encoding(PercentEncodingError)
        /// `.` or `..`, escaped or not. A client resolves these before it sends (RFC 3986 §5.2.4); what is left is an
        /// attempt to be read differently by us than by a proxy in front of us.
        case dotSegment
    }

    /// `/1.0/certificates` gives `["1.0", "certificates"]`, `/` gives none, and a trailing slash gives a last empty one.
    package let segments: [String]

    package init(_ head: HTTPHead) throws(Failure) {
        try self.init(head.bytes[head.pathRange])
    }

    package init(_ path: ArraySlice<UInt8>) throws(Failure) {
        var segments: [String] = []
        var rest = path.first == ASCII.slash ? path.dropFirst() : path
        while !rest.isEmpty || !segments.isEmpty {
            let end = rest.firstIndex(of: ASCII.slash)
            let segment: String
            do throws(PercentEncodingError) {
                segment = try PercentEncoding.decode(rest[..<(end ?? rest.endIndex)])
            } catch {
                throw .encoding(error)
            }
            guard segment != ".", segment != ".." else { throw .dotSegment }
            segments.append(segment)
            guard let end else { break }
            rest = rest[(end + 1)...]
        }
        self.segments = segments
    }
}
