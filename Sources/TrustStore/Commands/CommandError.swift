package import JOSE

/// Bytes that are no command of this version. At a leader: the proposal is turned down. At apply:
/// the member stops applying and says so, since guessing would make it differ from the others.
package enum CommandError: Error, Equatable, Sendable {
    case tooLarge(bytesMax: Int)
    case notJSON(JSONError)
    case unsupportedVersion(Int64)
    case unknownKind
    /// The cluster goes on at a level that this binary does not know.
    case featureLevel(Int64)
    case malformed(JSONFieldError)
}

extension CommandError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .tooLarge(let bytesMax): "the command is longer than \(bytesMax) bytes"
        case .notJSON(let error): "the command is not JSON: \(error)"
        case .unsupportedVersion(let version):
            "the command has version \(version), this binary knows \(Command.version); upgrade it"
        case .featureLevel(let level):
            "the cluster goes on at feature level \(level), this binary knows \(TrustState.featureLevel); upgrade it"
        case .unknownKind: "the command is of a kind this binary does not know; upgrade it"
        case .malformed(let error): "the command is malformed: \(error.message)"
        }
    }
}
