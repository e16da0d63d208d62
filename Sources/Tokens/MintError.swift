package import JOSE

package enum MintError: Error, Equatable, Sendable {
    case invalid(JSONFieldError)
    /// The cluster has no active key of the algorithm asked for, or none at all, that this member could unseal.
    case noActiveKey(JWSAlgorithm?)
    /// The claims make the token longer than any member would accept.
    case tooLarge
    case noCluster
    case signingFailed
}

extension MintError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .invalid(let error): error.message
        case .noActiveKey(let algorithm?): "there is no active signing key for \(algorithm.rawValue)"
        case .noActiveKey(nil): "there is no active signing key"
        case .tooLarge: "the token would be longer than \(JWSCompact.bytesMax) bytes: ask for fewer claims, scopes or audiences"
        case .noCluster: "this member belongs to no cluster yet"
        case .signingFailed: "the signing key failed"
        }
    }
}
