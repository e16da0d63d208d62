import Glibc

/// Verification in process and what a large store costs, for `cluster/bench`. Prints numbers for its table, nothing for people.
@main
enum Verification {
    private static let usage = """
        usage: Verification make ALGORITHM FOLDER                    a key and tokens, for the next and for other programs
               Verification verify ALGORITHM KEY.pem TOKENS SECONDS  prints operations in a second of processor time
               Verification growth SECONDS                           prints, for each way: its name, nanoseconds empty, nanoseconds full
               Verification memory COUNT                             prints bytes for each stored revocation
               Verification load COUNT                               prints seconds in which so many revocations are loaded
               Verification revoke COUNT                             prints seconds in which so many tokens are revoked, many to an entry
        """

    static func main() throws {
        let arguments = Array(CommandLine.arguments.dropFirst())
        switch (arguments.first, arguments.count) {
        case ("make", 3): try TokenFiles.make(arguments[1], in: arguments[2])
        case ("verify", 5): try Throughput.run(arguments[1], key: arguments[2], tokens: arguments[3], seconds: Double(arguments[4]) ?? 1)
        case ("growth", 2): try Growth(seconds: Double(arguments[1]) ?? 1).run()
        case ("memory", 2): try LargeStore.printMemory(revocations: Int(arguments[1]) ?? 1_000_000)
        case ("load", 2): try LargeStore.printLoadTime(revocations: Int(arguments[1]) ?? 1_000_000)
        case ("revoke", 2): try LargeStore.printRevocationTime(revocations: Int(arguments[1]) ?? 1_000_000)
        default:
            print(usage)
            exit(2)
        }
    }
}
