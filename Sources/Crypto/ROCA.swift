/// Keys of a widespread smart-card library whose primes can be found from the modulus (CVE-2017-15361; Nemec et al., "The
/// Return of Coppersmith's Attack", §2.2). They are told by their modulus: modulo each small prime it is a power of 65537.
enum ROCA {
    /// Chance passes all of these for fewer than one in 2^100 sound keys.
    private static let primes: [UInt32] = [
        3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107, 109, 113, 127, 131, 137, 139,
        149, 151, 157, 163, 167,
    ]

    static func isLikely(_ modulus: [UInt8]) -> Bool {
        primes.allSatisfy { prime in
            let rest = modulus.reduce(UInt32(0)) { ($0 << 8 | UInt32($1)) % prime }
            return isPower(rest, of: 65_537 % prime, modulo: prime)
        }
    }

    private static func isPower(_ number: UInt32, of base: UInt32, modulo prime: UInt32) -> Bool {
        var power: UInt32 = 1
        repeat {
            if power == number { return true }
            power = power * base % prime
        } while power != 1
        return false
    }
}
