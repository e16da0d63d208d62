import FoundationEssentials
import Tokens

/// How many tokens that nobody has seen before one core verifies.
enum Throughput {
    static func run(_ algorithm: String, key: String, tokens: String, seconds: Double) throws {
        let (key, tokens) = try TokenFiles.read(algorithm, key: key, tokens: tokens)
        let loop = VerificationLoop(
            try StoreRows(keys: [key]).view(), tokens, now: Int64(Date().timeIntervalSince1970), remembering: false)
        _ = try loop.secondsEach(during: seconds / 10)
        print(Int(1 / (try loop.secondsEach(during: seconds))))
    }
}
