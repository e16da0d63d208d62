import Raft

struct UsageError: Error { let text: String }

/// The command line. Seeds start at 1.
struct Options {
    var first: UInt64 = 1
    var seeds: Int?
    var minutes = 0
    var mutant: Mutant?
    var runsAllMutants = false
    var replay: UInt64?
    var restriction = Restriction.none
    var traces = false
    var shrinks = false
    var workers = 2
    var violationsMax = 5

    static let usage = """
        RaftSimulation [--seeds N] [--minutes M] [--from S] [--threads N] [--violations N] [--shrink] [--mutant M10]
            runs seeds from S on, until there were N and M minutes have passed, or N violations were found
        RaftSimulation --seed S [--trace] [--shrink] [--mutant M10]
                       [--keep 3,17,20] [--until T] [--voters N] [--spares N] [--without drop,delay]
            replays one seed; with only these faults of its list, only so long, only so many members, without these features
        RaftSimulation --mutants [--seeds N] [--mutant M10]
            every mutant, or this one, must be caught three times within the seeds that its class allows, N at most
        Mutants need a build with CREDENCE_MUTANTS set in the environment.
        """

    init(_ arguments: [String]) throws(UsageError) {
        var rest = arguments[...]
        while let name = rest.popFirst() {
            switch name {
            case "--seeds": seeds = Int(try Self.number(&rest, after: name))
            case "--minutes": minutes = Int(min(try Self.number(&rest, after: name), 1_000_000))
            case "--from", "--first": first = try Self.number(&rest, after: name)
            case "--violations": violationsMax = Int(try Self.number(&rest, after: name))
            case "--seed": replay = try Self.number(&rest, after: name)
            case "--threads": workers = Int(min(try Self.number(&rest, after: name), UInt64(TrapReport.workersMax)))
            case "--trace": traces = true
            case "--shrink": shrinks = true
            case "--mutants": runsAllMutants = true
            case "--mutant": mutant = try Self.mutant(&rest)
            default: try restrict(name, &rest)
            }
        }
        if !restriction.isNone, replay == nil { throw UsageError(text: "what is left out needs --seed") }
        #if !CREDENCE_MUTANTS
        if mutant != nil || runsAllMutants { throw UsageError(text: "this build holds no mutants") }
        #endif
    }

    private mutating func restrict(_ name: String, _ rest: inout ArraySlice<String>) throws(UsageError) {
        switch name {
        case "--keep":
            let text = rest.popFirst() ?? ""
            let numbers = text == "none" ? [] : text.split(separator: ",").map { Int($0) }
            guard !text.isEmpty, !numbers.contains(nil) else { throw UsageError(text: "--keep needs numbers, or none") }
            restriction.keep = numbers.compactMap { $0 }
        case "--until": restriction.until = Int(try Self.number(&rest, after: name))
        case "--voters": restriction.voters = Int(try Self.number(&rest, after: name))
        case "--spares":
            guard let count = rest.popFirst().flatMap({ Int($0) }), count >= 0 else { throw UsageError(text: "--spares needs a number") }
            restriction.spares = count
        case "--without":
            let features = (rest.popFirst() ?? "").split(separator: ",").map { Restriction.Feature(rawValue: String($0)) }
            guard !features.isEmpty, !features.contains(nil) else {
                throw UsageError(text: "--without needs some of \(Restriction.Feature.allCases.map(\.rawValue))")
            }
            restriction.without = features.compactMap { $0 }
        default: throw UsageError(text: "unknown option \(name)")
        }
    }

    private static func mutant(_ rest: inout ArraySlice<String>) throws(UsageError) -> Mutant {
        guard let text = rest.popFirst(), let mutant = Mutant(rawValue: text) else {
            throw UsageError(text: "--mutant needs one of \(Mutant.allCases.map(\.rawValue))")
        }
        return mutant
    }

    private static func number(_ rest: inout ArraySlice<String>, after name: String) throws(UsageError) -> UInt64 {
        guard let text = rest.popFirst(), let value = UInt64(text), value <= UInt64(Int.max), value > 0 else {
            throw UsageError(text: "\(name) needs a positive number")
        }
        return value
    }
}
