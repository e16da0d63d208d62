import Crypto
import JOSE

/// The one secret in a Forest or Lotus node's keystore that signs its tokens. The rest of a keystore, wallets above all, is
/// read past and never leaves this process.
enum NodeKeystore {
    /// Forest's name for it; Lotus's too.
    static let entryName = "auth-jwt-private"
    /// The entry's name in base32, which is what Lotus calls the file.
    static let lotusFileName = "MF2XI2BNNJ3XILLQOJUXMYLUMU"
    static let lotusKeyType = "jwt-hmac-secret"

    enum Failure: Error, Equatable {
        case notAKeystore(String)
        case noEntry
        case wrongPassphrase
        case passphraseTooLong
    }
}

extension NodeKeystore.Failure: CustomStringConvertible {
    var description: String {
        switch self {
        case .notAKeystore(let what): what
        case .noEntry: "it has no entry \(NodeKeystore.entryName): the node has made no tokens yet, or keeps its key elsewhere"
        case .wrongPassphrase: "the passphrase does not open it, or the file is damaged"
        case .passphraseTooLong: "the passphrase is longer than any Forest takes"
        }
    }
}

// MARK: - Forest

extension NodeKeystore {
    /// The plain one is JSON; random bytes never are.
    static func isEncryptedForest(_ bytes: [UInt8]) -> Bool {
        (try? JSON(parsing: bytes)) == nil
    }

    /// `keystore.json`: names to `{"key_type", "private_key"}`, the key in base64.
    static func forest(_ bytes: [UInt8]) throws(Failure) -> SecretBytes {
        guard let json = try? JSON(parsing: bytes), case .object(let entries) = json else {
            throw .notAKeystore("it is no keystore.json of a Forest node: a JSON object is wanted")
        }
        guard let entry = entries[entryName] else { throw .noEntry }
        guard let text = (entry["private_key"] ?? entry["PrivateKey"])?.stringValue, let secret = Base64.decode(text) else {
            throw .notAKeystore("its entry \(entryName) has no private_key in base64")
        }
        return SecretBytes(secret)
    }

    /// `keystore`: a salt of 16 bytes, the tag and ciphertext of XSalsa20-Poly1305, its nonce of 24 bytes. The key comes from
    /// the passphrase by Argon2id; the message is DAG-CBOR, names to `{"key_type", "private_key"}`.
    static func encryptedForest(_ bytes: [UInt8], passphrase: SecretBytes) throws(Failure) -> SecretBytes {
        let saltCount = Argon2id.saltByteCount, nonceCount = XSalsa20Poly1305.nonceByteCount
        guard bytes.count >= saltCount + XSalsa20Poly1305.tagByteCount + nonceCount else {
            throw .notAKeystore("it is too short for an encrypted keystore of a Forest node")
        }
        let message = try open(
            bytes[saltCount..<(bytes.count - nonceCount)], salt: Array(bytes.prefix(saltCount)), nonce: Array(bytes.suffix(nonceCount)),
            passphrase)
        guard let keystore = CBOR(parsing: message.withSpan { span in span.indices.map { span[$0] } }), case .map = keystore else {
            throw .notAKeystore("what is sealed in it is no keystore")
        }
        guard let entry = keystore[entryName] else { throw .noEntry }
        guard let secret = entry["private_key"]?.byteList else {
            throw .notAKeystore("its entry \(entryName) has no private_key")
        }
        return SecretBytes(secret)
    }

    private static func open(
        _ sealed: ArraySlice<UInt8>, salt: [UInt8], nonce: [UInt8], _ passphrase: SecretBytes
    ) throws(Failure) -> SecretBytes {
        do throws(CryptoError) {
            let key = try Argon2id.derive(
                passphrase: passphrase, salt: salt, parameters: .interactive, count: XSalsa20Poly1305.keyByteCount)
            return try XSalsa20Poly1305.open(sealed.span, key: key, nonce: nonce)
        } catch {
            switch error {
            case .authenticationFailed: throw .wrongPassphrase
            case .outOfBounds(.derivationParameters): throw .passphraseTooLong
            default: throw .notAKeystore("it cannot be opened: \(error)")
            }
        }
    }
}

// MARK: - Lotus

extension NodeKeystore {
    /// `{"Type":"jwt-hmac-secret","PrivateKey":"…"}`, or the same in hexadecimal, as `lotus-shed` writes it.
    static func lotus(_ bytes: [UInt8]) throws(Failure) -> SecretBytes {
        let text = bytes.filter { !isSpace($0) }
        let plain = Hex.decode(String(decoding: text, as: UTF8.self)) ?? bytes
        guard let json = try? JSON(parsing: plain), case .object(let key) = json else {
            throw .notAKeystore("it is no key of a Lotus node: JSON, or JSON in hexadecimal, is wanted")
        }
        guard key["Type"] == .string(lotusKeyType) else {
            // A wallet's key, most likely. It has no business here.
            throw .notAKeystore("its Type is not \(lotusKeyType): it is not the key that signs tokens")
        }
        guard let text = key["PrivateKey"]?.stringValue, let secret = Base64.decode(text) else {
            throw .notAKeystore("it has no PrivateKey in base64")
        }
        return SecretBytes(secret)
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || (0x09...0x0D).contains(byte)
    }
}
