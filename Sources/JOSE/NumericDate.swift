/// Seconds since 1970 as a claim writes them (RFC 7519 §2), fractions truncated.
package enum NumericDate {
    /// Beyond the integers that a double counts one by one, no program meant the number it wrote.
    /// Also keeps every sum with a leeway or a lifetime far from overflow.
    package static let magnitudeMax: Int64 = 1 << 53

    /// Nil for anything but a number in range; `1e300` is a number, and not in range.
    package static func seconds(_ json: JSON) -> Int64? {
        switch json {
        case .integer(let seconds):
            (-magnitudeMax...magnitudeMax).contains(seconds) ? seconds : nil
        case .double(let seconds):
            seconds.magnitude <= Double(magnitudeMax) ? Int64(seconds) : nil
        default: nil
        }
    }
}
