/// The DER form of private keys (RFC 5208; RFC 5915; RFC 8017 §A.1.2; RFC 8410).
enum PrivateKeyInfo {
    /// SEQUENCE { id-Ed25519 }.
    static let ed25519Identifier: [UInt8] = [0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70]

    /// SEQUENCE { id-ecPublicKey, curve }: the same as in the public key, after its outer header.
    static func identifier(of curve: KeyType) -> [UInt8]? {
        switch curve {
        case .p256: Array(SubjectPublicKeyInfo.p256Prefix[2..<23])
        case .p384: Array(SubjectPublicKeyInfo.p384Prefix[2..<20])
        case .p521: Array(SubjectPublicKeyInfo.p521Prefix[3..<21])
        case .ed25519, .rsa: nil
        }
    }

    static func encode(_ identifier: [UInt8], key: [UInt8]) -> [UInt8] {
        tagged(0x30, version(0) + identifier + tagged(0x04, key))
    }

    /// SEQUENCE { 1, OCTET STRING, [1] { BIT STRING } }: with the public half, so that it is compared.
    static func ellipticKey(scalar: [UInt8], point: [UInt8]) -> [UInt8] {
        tagged(0x30, version(1) + tagged(0x04, scalar) + tagged(0xA1, tagged(0x03, [0] + point)))
    }

    /// SEQUENCE { 0, n, e, d, p, q, dp, dq, qi }.
    static func rsaKey(_ numbers: [[UInt8]]) -> [UInt8] {
        tagged(0x30, version(0) + numbers.flatMap { tagged(0x02, SubjectPublicKeyInfo.positive($0)) })
    }

    private static func version(_ number: UInt8) -> [UInt8] { [0x02, 0x01, number] }

    private static func tagged(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] {
        SubjectPublicKeyInfo.tagged(tag, content)
    }
}
