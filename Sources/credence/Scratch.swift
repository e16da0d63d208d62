import Crypto

/// A path for a file that a command makes and removes again.
enum Scratch {
    static func path() -> String {
        "\(Terminal.environment("TMPDIR") ?? "/tmp")/credence-\(Hex.encode(SecureRandom.bytes(8))).db"
    }
}
