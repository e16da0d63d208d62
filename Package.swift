// swift-tools-version: 6.2
import PackageDescription

// A target is a layer: it may import the targets named below it, never one above
// (docs/architecture.md; Tests/LayeringTests reads this rule back from the sources).

let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

/// A build that stands for a version to come: one feature level higher, with one command more. Tests of mixed
/// clusters run it beside the usual one.
let next: [SwiftSetting] = Context.environment["CREDENCE_NEXT"] == nil ? [] : [.define("CREDENCE_NEXT")]

let collections: Target.Dependency = .product(name: "Collections", package: "swift-collections")
let httpTypes: Target.Dependency = .product(name: "HTTPTypes", package: "swift-http-types")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let grdb: Target.Dependency = .product(name: "GRDB", package: "GRDB.swift")
let sqlite: Target.Dependency = .product(name: "GRDBSQLite", package: "GRDB.swift")
let arguments: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let subprocess: Target.Dependency = .product(name: "Subprocess", package: "swift-subprocess")

/// The simulation's own build can switch seeded bugs on in the Raft core; no other build contains them.
let mutants: [SwiftSetting] = Context.environment["CREDENCE_MUTANTS"] == nil ? [] : [.define("CREDENCE_MUTANTS")]

func layer(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
    .target(name: name, dependencies: dependencies, exclude: exclude, swiftSettings: strict + next)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name, dependencies: dependencies, swiftSettings: strict)
}

let package = Package(
    name: "credence",
    products: [.executable(name: "credence", targets: ["credence"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2"),
    ],
    targets: [
        .systemLibrary(name: "CUV", pkgConfig: "libuv", providers: [.apt(["libuv1-dev"])]),
        .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CSodium", pkgConfig: "libsodium", providers: [.apt(["libsodium-dev"])]),
        layer("EventLoop", ["CUV"]),
        layer("Crypto", ["COpenSSL", "CSodium"]),
        layer("TLS", ["COpenSSL", "Crypto", "EventLoop"]),
        layer("HTTP", ["EventLoop", "TLS", "Crypto", httpTypes]),
        layer("JOSE", ["Crypto"]),
        .target(name: "Raft", swiftSettings: strict + mutants),
        layer("TrustStore", ["JOSE", "Raft", collections], exclude: ["DESIGN.md"]),
        layer("Tokens", ["TrustStore", "JOSE", "Crypto", "Raft", collections]),
        layer("Storage", ["Raft", "TrustStore", "JOSE", "Crypto", grdb, sqlite], exclude: ["DESIGN.md"]),
        layer("Cluster", ["Raft", "TrustStore", "Tokens", "JOSE", "Storage", "HTTP", "TLS", "Crypto", "EventLoop", collections, httpTypes, logging]),
        layer("API", ["Cluster", "TrustStore", "Tokens", "JOSE", "Raft", "HTTP", "TLS", "Crypto", "EventLoop", httpTypes, logging, collections]),
        .executableTarget(
            name: "credence",
            dependencies: ["API", "Cluster", "TrustStore", "Tokens", "JOSE", "HTTP", "TLS", "Crypto", "EventLoop", httpTypes, logging, arguments],
            swiftSettings: strict),
        tests("EventLoopTests", ["EventLoop"]),
        tests("CryptoTests", ["Crypto", subprocess]),
        tests("TLSTests", ["TLS", "Crypto", "EventLoop"]),
        tests("HTTPTests", ["HTTP", "TLS", "Crypto", "EventLoop", httpTypes]),
        tests("JOSETests", ["JOSE", "Crypto"]),
        .testTarget(name: "RaftTests", dependencies: ["Raft"], exclude: ["Scenarios"], swiftSettings: strict),
        tests("TrustStoreTests", ["TrustStore", "Raft", "JOSE", collections]),
        tests("TokensTests", ["Tokens", "TrustStore", "Raft", "JOSE", "Crypto", collections, subprocess]),
        tests("StorageTests", ["Storage", "Raft", "TrustStore", "JOSE", "Crypto"]),
        tests("MemberTests", ["Cluster", "Storage", "Raft", "TrustStore", "Tokens", "JOSE", "Crypto", "EventLoop", collections, logging]),
        tests("APITests", ["API", "credence", "Cluster", "Raft", "TrustStore", "Tokens", "JOSE", "HTTP", "TLS", "Crypto", "EventLoop", httpTypes, logging, collections, arguments]),
        tests("ClusterTests", ["JOSE", subprocess]),
        tests("LayeringTests", []),
        .target(name: "HistoryChecker", path: "Tests/HistoryChecker", swiftSettings: strict),
        tests("HistoryCheckerTests", ["HistoryChecker"]),
        .executableTarget(name: "Chaos", dependencies: ["HistoryChecker", "JOSE", "Crypto", "TrustStore", grdb, arguments], path: "Tests/Chaos", swiftSettings: strict),
        .executableTarget(name: "RaftSimulation", dependencies: ["Raft"], path: "Tests/RaftSimulation", swiftSettings: strict + mutants),
        .executableTarget(
            name: "Verification", dependencies: ["Tokens", "TrustStore", "Raft", "JOSE", "Crypto", collections], path: "Benchmarks/Verification",
            swiftSettings: strict),
    ]
)
