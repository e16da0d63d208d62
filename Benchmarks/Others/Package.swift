// swift-tools-version: 6.2
import PackageDescription

// What `cluster/bench` measures Credence beside. A package of its own: nobody who builds or tests Credence fetches these.

let settings: [SwiftSetting] = [.swiftLanguageMode(.v6), .treatAllWarnings(as: .error)]

let package = Package(
    name: "others",
    dependencies: [
        .package(url: "https://github.com/vapor/jwt-kit", from: "5.7.1"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
    ],
    targets: [
        .executableTarget(
            name: "ConstantServer",
            dependencies: [
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdTLS", package: "hummingbird"),
            ],
            swiftSettings: settings),
        .executableTarget(
            name: "TokenVerification", dependencies: [.product(name: "JWTKit", package: "jwt-kit")], swiftSettings: settings),
    ]
)
