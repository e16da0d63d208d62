import JOSE

/// Which values a setting of the cluster may have.
package enum SettingBounds: Sendable, Equatable {
    case range(ClosedRange<Int64>)
    /// 0 means something else than a number.
    case zeroOr(ClosedRange<Int64>)
    /// From 1 to the value of another setting.
    case upTo(ClusterSetting)
    case oneOf([Int64])
    case words([String])
}

extension ClusterSetting {
    package var bounds: SettingBounds {
        switch self {
        case .nbfLeewaySeconds: .range(0...600)
        // Below two election timeouts every election would interrupt verification; above ten
        // minutes a revocation is no promise any more.
        case .maxStalenessMilliseconds: .range(ClusterSettings.maxStalenessRange)
        case .stalenessPolicy: .words(StalenessPolicy.allCases.map(\.rawValue))
        case .joinTokenSeconds: .range(1...2_592_000)
        case .addTokenSeconds: .range(0...StateLimits.secondsMax)
        case .tokenSecondsDefault: .upTo(.tokenSecondsMax)
        case .tokenSecondsMax: .range(1...StateLimits.secondsMax)
        case .keyRotationSeconds: .zeroOr(3_600...StateLimits.secondsMax)
        case .votersMax: .oneOf([1, 3, 5, 7])
        // Below some election timeouts every restart would move votes around.
        case .replaceAfterSeconds: .zeroOr(10...2_592_000)
        }
    }
}

extension SettingBounds {
    /// For people: `1 to 600`.
    package var text: String {
        switch self {
        case .range(let range): "\(range.lowerBound) to \(range.upperBound)"
        case .zeroOr(let range): "0, or \(range.lowerBound) to \(range.upperBound)"
        case .upTo(let setting): "1 to \(setting.rawValue)"
        case .oneOf(let values): values.dropLast().map(String.init).joined(separator: ", ") + values.suffix(1).map { " or \($0)" }.joined()
        case .words(let words): words.joined(separator: " or ")
        }
    }

    /// - Parameter settings: all of them, for a bound that is another setting.
    func check(_ value: JSON, _ field: String, in settings: ClusterSettings) throws(CommandRefusal) {
        switch (self, value) {
        case (.range(let range), .integer(let number)): try Check.range(number, range, field)
        case (.upTo(let setting), .integer(let number)): try Check.range(number, 1...max(1, settings[setting].integerValue ?? 1), field)
        case (.zeroOr(let range), .integer(let number)):
            guard number == 0 || range.contains(number) else {
                throw .invalid(field, "must be 0, or from \(range.lowerBound) to \(range.upperBound)")
            }
        case (.oneOf(let values), .integer(let number)):
            guard values.contains(number) else { throw .invalid(field, "must be \(text)") }
        case (.words(let words), .string(let word)):
            guard words.contains(word) else { throw .invalid(field, "must be \(text)") }
        default: throw .invalid(field, "must be \(text)")
        }
    }
}
