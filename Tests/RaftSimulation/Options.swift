import Raft

struct UsageError: Error { let text: String }

/// The command line. Seeds start at 1.
struct Options {
    var first: UInt64 = 1
    var seeds = 200
    var mutant: Mutant?
    var runsAllMutants = false
    var replay: UInt64?
    var traces = false
    var workers = 2

    static let usage = """
        RaftSimulation [--seeds N] [--first S] [--threads N] [--mutant M10]   run seeds S..<S+N
        RaftSimulation --seed S [--trace] [--mutant M10]                      replay one seed
        RaftSimulation --mutants [--seeds N]                                  every mutant must be caught within N seeds
        Mutants need a build with CREDENCE_MUTANTS set in the environment.
        """

    init(_ arguments: [String]) throws(UsageError) {
        var rest = arguments[...]
        while let name = rest.popFirst() {
            switch name {
            case "--seeds": seeds = Int(try Self.number(&rest, after: name))
            case "--first": first = try Self.number(&rest, after: name)
            case "--seed": replay = try Self.number(&rest, after: name)
            case "--threads": workers = Int(min(try Self.number(&rest, after: name), UInt64(TrapReport.workersMax)))
            case "--trace": traces = true
            case "--mutants": runsAllMutants = true
            case "--mutant":
                guard let text = rest.popFirst(), let mutant = Mutant(rawValue: text) else {
                    throw UsageError(text: "--mutant needs one of \(Mutant.allCases.map(\.rawValue))")
                }
                self.mutant = mutant
            default: throw UsageError(text: "unknown option \(name)")
            }
        }
        #if !CREDENCE_MUTANTS
        if mutant != nil || runsAllMutants { throw UsageError(text: "this build holds no mutants") }
        #endif
    }

    private static func number(_ rest: inout ArraySlice<String>, after name: String) throws(UsageError) -> UInt64 {
        guard let text = rest.popFirst(), let value = UInt64(text), value <= UInt64(Int.max), value > 0 else {
            throw UsageError(text: "\(name) needs a positive number")
        }
        return value
    }
}
