internal import COpenSSL

/// SHA-2 (FIPS 180-4), by the length of its digest.
package enum HashAlgorithm: Hashable, Sendable, CaseIterable {
    case sha256, sha384, sha512

    package var byteCount: Int {
        switch self {
        case .sha256: 32
        case .sha384: 48
        case .sha512: 64
        }
    }

    var fetched: OpaquePointer {
        switch self {
        case .sha256: unsafe FetchedAlgorithms.shared.sha256
        case .sha384: unsafe FetchedAlgorithms.shared.sha384
        case .sha512: unsafe FetchedAlgorithms.shared.sha512
        }
    }

    /// OpenSSL's name.
    var name: String {
        switch self {
        case .sha256: "SHA2-256"
        case .sha384: "SHA2-384"
        case .sha512: "SHA2-512"
        }
    }
}
