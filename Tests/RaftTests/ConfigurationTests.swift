import Raft
import Testing

@Suite struct ConfigurationTests {
    private func ids(_ numbers: UInt64...) -> [MemberID] { numbers.map { MemberID(high: 0, low: $0) } }

    @Test("voters are sorted and distinct, whatever is given")
    func normalised() {
        #expect(Configuration(voters: ids(3, 1, 2, 1)).voters == ids(1, 2, 3))
    }

    @Test("a majority intersects every other majority, even sizes included", arguments: 1...9)
    func majority(size: Int) {
        let configuration = Configuration(voters: (1...size).map { MemberID(high: 0, low: UInt64($0)) })
        #expect(2 * configuration.majority > size)
        #expect(2 * (configuration.majority - 1) <= size)
    }

    @Test("the encoding comes back, at the largest size too", arguments: [0, 1, 3, Configuration.votersMax])
    func roundTrip(size: Int) throws {
        let configuration = Configuration(voters: (0..<size).map { MemberID(high: UInt64($0), low: 7) })
        #expect(try Configuration(decoding: configuration.encoded()) == configuration)
    }

    @Test("one voter more than the bound is refused")
    func tooMany() {
        let count = Configuration.votersMax + 1
        let configuration = Configuration(voters: (0..<count).map { MemberID(high: UInt64($0), low: 7) })
        #expect(throws: WireError.overBound("voters", UInt64(count))) { try Configuration(decoding: configuration.encoded()) }
    }

    @Test("a second encoding of the same set is refused")
    func oneEncoding() {
        var bytes = Configuration(voters: ids(1, 2)).encoded()
        bytes.swapAt(2 + 15, 2 + 16 + 15)
        #expect(throws: WireError.invalid("voters not ascending")) { try Configuration(decoding: bytes) }
        bytes[2 + 15] = 2  // twice the same
        #expect(throws: WireError.invalid("voters not ascending")) { try Configuration(decoding: bytes) }
    }

    @Test("a joint configuration, a newer version and a cut are refused")
    func refused() {
        let bytes = Configuration(voters: ids(1, 2)).encoded()
        var joint = bytes
        joint[joint.count - 1] = 1
        #expect(throws: WireError.invalid("joint configuration")) { try Configuration(decoding: joint) }
        var newer = bytes
        newer[0] = 2
        #expect(throws: WireError.unsupportedVersion(2)) { try Configuration(decoding: newer) }
        for count in bytes.indices {
            #expect(throws: WireError.truncated) { try Configuration(decoding: Array(bytes[..<count])) }
        }
        #expect(throws: WireError.trailingBytes(1)) { try Configuration(decoding: bytes + [0]) }
    }

    @Test("the difference names members of either side")
    func difference() {
        let one = Configuration(voters: ids(1, 2, 3))
        #expect(one.difference(from: Configuration(voters: ids(1, 2, 4))) == ids(3, 4))
        #expect(one.difference(from: one).isEmpty)
    }

    @Test("a member id is 32 lower-case hex digits and nothing else")
    func memberIDs() {
        let id = MemberID(high: 0x0123_4567_89ab_cdef, low: 0xf)
        #expect(id.description == "0123456789abcdef000000000000000f")
        #expect(MemberID(id.description) == id)
        for text in ["", "0123456789ABCDEF000000000000000f", "0123456789abcdef000000000000000", "0123456789abcdef000000000000000f0", "0123456789abcdef00000000000000g0"] {
            #expect(MemberID(text) == nil, "\(text)")
        }
    }
}
