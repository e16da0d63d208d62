import Crypto
import Testing

@Suite("Secrets")
struct SecretBytesTests {
    @Test("a secret cannot be printed, interpolated, dumped or mirrored")
    func redaction() {
        let secret = SecretBytes(Array("hunter2-hunter2".utf8))
        var dumped = ""
        dump(secret, to: &dumped)
        var wrapped = ""
        dump((name: "x", value: secret), to: &wrapped)
        let texts = ["\(secret)", String(describing: secret), String(reflecting: secret), secret.debugDescription, dumped, wrapped]
        for text in texts {
            #expect(!text.contains("hunter2"))
            #expect(!text.contains("104"), "the bytes as numbers: \(text)")
            #expect(text.contains("redacted"))
        }
        #expect(Mirror(reflecting: secret).children.isEmpty)
    }

    @Test("a private key cannot be printed or dumped")
    func privateKeyRedaction() throws {
        let key = try PrivateKey.generate(.p256)
        var dumped = ""
        dump(key, to: &dumped)
        #expect("\(key)" == "PrivateKey(redacted)")
        #expect(dumped.contains("redacted"))
        #expect(dumped.utf8.count < 60)
    }

    @Test("a secret keeps its bytes")
    func bytes() {
        let secret = SecretBytes([1, 2, 3])
        #expect(secret.count == 3)
        #expect(secret.withSpan { span in span.indices.map { span[$0] } } == [1, 2, 3])
        #expect(secret == SecretBytes(copying: [1, 2, 3].span))
        #expect(secret != SecretBytes([1, 2, 4]))
        #expect(secret != SecretBytes([1, 2]))
        #expect(SecretBytes([]) == SecretBytes(count: 0))
    }

    @Test("random secrets and bytes differ")
    func randomness() {
        #expect(SecretBytes(count: 32) != SecretBytes(count: 32))
        #expect(SecureRandom.bytes(32) != SecureRandom.bytes(32))
        #expect(SecureRandom.bytes(0).isEmpty)
    }

    @Test("constant-time comparison is equality")
    func comparison() {
        #expect(constantTimeEqual([], []))
        #expect(constantTimeEqual([1, 2, 3], [1, 2, 3]))
        #expect(!constantTimeEqual([1, 2, 3], [1, 2]))
        #expect(!constantTimeEqual([], [0]))
        for index in 0..<32 {
            var changed = [UInt8](repeating: 5, count: 32)
            changed[index] = 4
            #expect(!constantTimeEqual(changed, [UInt8](repeating: 5, count: 32)))
        }
    }
}
