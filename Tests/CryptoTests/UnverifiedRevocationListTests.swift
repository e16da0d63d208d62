import Crypto
import Testing

/// Lists written octet by octet, as only somebody who means harm writes them.
@Suite("Revocation lists before they are known to be the authority's")
struct UnverifiedRevocationListTests {
    private let key: PrivateKey
    private let authority: Certificate

    init() throws {
        key = try PrivateKey.generate(.ed25519)
        authority = try Certificate.issue(
            CertificateTemplate(commonName: "ca", notBeforeAt: 0, notAfterAt: 4_000_000_000, isAuthority: true), publicKey: key.publicKey, issuer: nil,
            key: key)
    }

    private static func element(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] {
        guard content.count >= 0x80 else { return [tag, UInt8(content.count)] + content }
        let octets = Array((0..<4).map { UInt8(truncatingIfNeeded: content.count >> (24 - 8 * $0)) }.drop { $0 == 0 })
        return [tag, 0x80 | UInt8(octets.count)] + octets + content
    }

    private static func sequence(_ parts: [UInt8]...) -> [UInt8] { element(0x30, parts.flatMap(\.self)) }

    private static let algorithm: [UInt8] = [0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70]

    private static func name(_ text: String) -> [UInt8] {
        sequence(element(0x31, sequence([0x06, 0x03, 0x55, 0x04, 0x03], element(0x0C, Array(text.utf8)))))
    }

    /// What is signed: with `more` behind what every list has.
    private static func content(named name: [UInt8] = Self.name("ca"), _ more: [UInt8] = []) -> [UInt8] {
        let times = ["260101000000Z", "270101000000Z"].flatMap { element(0x17, Array($0.utf8)) }
        return sequence([0x02, 0x01, 0x01], algorithm, name, times, more)
    }

    private func list(_ content: [UInt8], by key: PrivateKey) throws -> [UInt8] {
        let signature = try key.sign(content, algorithm: .ed25519)
        return Self.sequence(content, Self.algorithm, Self.element(0x03, [0] + signature))
    }

    private func refusal(_ der: [UInt8]) -> RevocationListError? {
        do throws(RevocationListError) {
            _ = try RevocationList(der, issuer: authority)
            return nil
        } catch { return error }
    }

    @Test("a list that is well written and signed by the authority is taken")
    func good() throws {
        #expect(try refusal(list(Self.content(), by: key)) == nil)
    }

    /// An issuing distribution point whose names are all empty: OpenSSL takes fifty times the memory.
    private static func names(_ count: Int) -> [UInt8] {
        let point = element(0xA0, element(0xA0, Array(repeating: [0xA4, 0x02, 0x30, 0x00] as [UInt8], count: count).flatMap(\.self)))
        return element(0xA0, sequence(sequence([0x06, 0x03, 0x55, 0x1D, 0x1C, 0x01, 0x01, 0xFF], element(0x04, sequence(point)))))
    }

    @Test("what is inside a list is decoded only once the authority's signature is found good")
    func order() throws {
        let stranger = try PrivateKey.generate(.ed25519)
        // No time, no list of entries and no extension: OpenSSL cannot read a list with it.
        let unreadable = Self.content([0x05, 0x00])
        #expect(try refusal(list(unreadable, by: stranger)) == .badSignature)
        #expect(try refusal(list(unreadable, by: key)) == .malformed)
        #expect(try refusal(list(Self.content(Self.names(1_000)), by: stranger)) == .badSignature)
        #expect(try refusal(list(Self.content(Self.names(1_000)), by: key)) == .partial)
    }

    @Test("only the one encoding that DER has of a list's envelope is read")
    func envelope() throws {
        let good = try list(Self.content(), by: key)
        let content = Self.content(), rest = Array(good[(good.count - 7 - 67)...])
        #expect(good[1] == 0x81 && content.count < 0x80 && Array(good[3...]) == content + rest)
        func isRefused(_ bytes: [UInt8], _ what: String) { #expect(refusal(bytes) == .malformed, "\(what)") }
        isRefused([0x30, 0x82, 0x00] + good[2...], "a longer length than needed")
        isRefused([0x30, 0x81, good[2] + 1, 0x30, 0x81, content[1]] + content[2...] + rest, "the long form of a short length")
        isRefused([0x30, 0x80] + good[3...] + [0, 0], "an indefinite length")
        isRefused([0x30, 0x85, 0, 0, 0, 0] + good[2...], "a length of more octets than there may be")
        isRefused([0x30, 0x84, 0, 0], "no end of the length")
        isRefused([0x30, 0x84, 0xFF, 0xFF, 0xFF, 0xFF] + good[3...], "the greatest length")
        isRefused(good + [0], "a byte behind the list")
        isRefused(Self.sequence(content, rest, [0]), "a byte behind the signature")
        isRefused(Self.sequence(content, Self.algorithm), "no signature")
        isRefused([0x31] + good[1...], "another tag")
        isRefused([0x30, 0x00], "nothing inside")
        isRefused(Self.sequence([0x30, 0x00], rest), "nothing signed")
        isRefused(Self.sequence([0x30, 0x7F] + content[2...], rest), "a part that is longer than it should be")
        let parameters = Self.element(0x04, [UInt8](repeating: 0, count: 1 << 10))
        isRefused(Self.sequence(content, Self.sequence(Array(Self.algorithm[2...]), parameters), Array(rest[7...])), "a long algorithm")
        for count in 0..<good.count { #expect(refusal(Array(good[..<count])) == .malformed, "\(count) bytes") }
    }

    @Test("a list whose issuer's name is longer than any certificate is another's, whatever the name holds")
    func longName() throws {
        let long = Self.element(0x30, [UInt8](repeating: 0, count: Certificate.derBytesMax))
        #expect(try refusal(list(Self.content(named: long), by: key)) == .wrongIssuer)
        #expect(try refusal(list(Self.content(named: Self.name("cb")), by: key)) == .wrongIssuer)
        #expect(try refusal(list(Self.content(named: Self.element(0x30, [0xFF])), by: key)) == .malformed)
    }
}
