import Testing

/// The rule of docs/architecture.md: imports point down only, and C is reached through four layers.
@Suite("Layers")
struct LayeringTests {
    private let sources = SourceTree.ofThisPackage

    @Test("the rule itself points down: no layer may import one that stands above it")
    func ruleHasNoCycle() {
        var below: Set<String> = []
        for layer in LayerRule.bottomUp {
            #expect(layer.mayImport.isSubset(of: below), "\(layer.name) imports \(layer.mayImport.subtracting(below).sorted())")
            below.insert(layer.name)
        }
    }

    @Test("every target of the package has its place, and every place its folder of sources")
    func everyTargetIsNamed() throws {
        #expect(try sources.targetFolders() == Set(LayerRule.bottomUp.map(\.name)))
    }

    @Test("a file imports what its layer may, and nothing else of ours", arguments: LayerRule.bottomUp)
    func importsPointDown(layer: LayerRule) throws {
        let ours = Set(LayerRule.bottomUp.map(\.name))
        for file in try sources.files(of: layer.name) {
            let crossing = file.imports.intersection(ours).subtracting(layer.mayImport)
            #expect(crossing.isEmpty, "\(file.name) imports \(crossing.sorted())")
        }
    }

    @Test("only EventLoop, TLS, Crypto and Storage import C", arguments: LayerRule.bottomUp)
    func cIsWalledIn(layer: LayerRule) throws {
        let c: Set = ["CUV", "COpenSSL", "CSodium", "Glibc", "Musl", "SQLite3", "GRDBSQLite", "SwiftShims"]
        for file in try sources.files(of: layer.name) where !LayerRule.filesThatMayImportC.contains(file.name) {
            let found = file.imports.intersection(c)
            #expect(found.isEmpty || layer.mayImportC, "\(file.name) imports \(found.sorted())")
        }
    }

    @Test("no layer but Storage and the executable needs Foundation, and none Dispatch", arguments: LayerRule.bottomUp)
    func noFoundation(layer: LayerRule) throws {
        for file in try sources.files(of: layer.name) {
            #expect(!file.imports.contains("Dispatch"), "\(file.name)")
            let found = file.imports.intersection(["Foundation", "FoundationEssentials"])
            #expect(found.isEmpty || ["Storage", "credence"].contains(layer.name), "\(file.name) imports \(found.sorted())")
        }
    }

    @Test("Package.swift names what a layer imports, and nothing else of ours than its rule allows", arguments: LayerRule.bottomUp)
    func manifestAgrees(layer: LayerRule) throws {
        let ours = Set(LayerRule.bottomUp.map(\.name))
        let declared = try sources.manifestDependencies(of: layer.name).intersection(ours)
        let imported = try sources.files(of: layer.name).reduce(into: Set()) { $0.formUnion($1.imports) }.intersection(ours)
        #expect(declared.isSubset(of: layer.mayImport), "not allowed: \(declared.subtracting(layer.mayImport).sorted())")
        #expect(imported.isSubset(of: declared), "not declared: \(imported.subtracting(declared).sorted())")
    }

    /// Only a release build goes wrong where it does not.
    @Test("whoever is not the member's actor asks it for a value, and throws once that is back (Node+Outcome)")
    func actorErrorsAreValues() throws {
        let files = try sources.files(of: "Cluster")
        // Those of the actor's functions that are its caller's to run, and ask it for values themselves.
        let nonisolated = Set(files.flatMap(\.lines).compactMap { $0.firstMatch(of: /nonisolated func (\w+)/).map { String($0.1) } })
        for file in files {
            for (before, line) in zip([""] + file.lines, file.lines) {
                guard let asked = line.firstMatch(of: /try\?? await node\.(\w+)/).map({ String($0.1) }), asked != "outcome", !nonisolated.contains(asked)
                else { continue }
                #expect(line.contains("isolated Node)") || before.contains("isolated Node)"), "\(file.name): \(line)")
            }
        }
    }

    @Test("an import is seen whatever stands before it, and one in a comment or a string is none")
    func importsAreRead() {
        let text = """
            @preconcurrency public import Alpha
            internal import struct Beta.Thing
            package import Gamma // import Delta
            // import Epsilon
                @testable import Zeta
            let text = "import Eta"
            import func Glibc.kill
            """
        #expect(SourceFile.imports(in: text) == ["Alpha", "Beta", "Gamma", "Zeta", "Glibc"])
    }
}
