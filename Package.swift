// swift-tools-version: 6.2
import PackageDescription

/// Every target of this package compiles in Swift 6 mode (strict concurrency) with warnings as errors.
let strict: [SwiftSetting] = [
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
]

let package = Package(
  name: "jarvis",
  products: [
    .executable(name: "jarvisd", targets: ["jarvisd"]),
    .executable(name: "jarvis-warden", targets: ["jarvis-warden"]),
    .executable(name: "jarvisctl", targets: ["jarvisctl"]),
    .executable(name: "jarvis-simulate", targets: ["jarvis-simulate"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/LebJe/TOMLKit", from: "0.6.0"),
  ],
  targets: [
    // C: headers only, and the few system calls that Swift can't make.
    .systemLibrary(name: "CSystemd", pkgConfig: "libsystemd", providers: [.apt(["libsystemd-dev"])]),
    .target(name: "CLinux"),

    // What both sides of a socket agree on.
    .target(name: "JarvisProtocol", swiftSettings: strict),
    .target(name: "WardenProtocol", swiftSettings: strict),

    // Pure: no I/O, no clock.
    .target(
      name: "JarvisCore",
      dependencies: ["JarvisProtocol"], swiftSettings: strict),
    .target(name: "JarvisAgents", dependencies: ["JarvisProtocol"], swiftSettings: strict),

    .target(name: "JarvisSimulator", dependencies: ["JarvisCore", "JarvisProtocol"], swiftSettings: strict),

    .target(
      name: "JarvisLinux",
      dependencies: ["CSystemd", "CLinux", "JarvisProtocol", .product(name: "Logging", package: "swift-log")],
      swiftSettings: strict),
    .target(
      name: "JarvisGit",
      dependencies: ["JarvisLinux", .product(name: "Logging", package: "swift-log")], swiftSettings: strict),
    .target(
      name: "JarvisStore",
      dependencies: ["JarvisProtocol", .product(name: "GRDB", package: "GRDB.swift")],
      swiftSettings: strict),
    .target(
      name: "JarvisConfig",
      dependencies: ["JarvisProtocol", .product(name: "TOMLKit", package: "TOMLKit")],
      swiftSettings: strict),
    .target(name: "JarvisPolicy", dependencies: ["JarvisConfig", "JarvisCore"], swiftSettings: strict),
    .target(
      name: "JarvisDaemon",
      dependencies: [
        "CLinux", "JarvisAgents", "JarvisProtocol", "WardenProtocol", "JarvisCore", "JarvisLinux", "JarvisStore",
        "JarvisConfig", "JarvisPolicy",
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
        .product(name: "UnixSignals", package: "swift-service-lifecycle"),
      ],
      swiftSettings: strict),
    .target(name: "JarvisClient", dependencies: ["JarvisProtocol", "CLinux"], swiftSettings: strict),

    .executableTarget(
      name: "jarvisd",
      dependencies: [
        "JarvisDaemon", "JarvisConfig", "JarvisProtocol",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: strict),
    .executableTarget(name: "jarvis-warden", dependencies: ["WardenProtocol", "CLinux"], swiftSettings: strict),
    .executableTarget(
      name: "jarvisctl",
      dependencies: [
        "JarvisClient", "JarvisProtocol", .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: strict),
    .executableTarget(
      name: "jarvis-simulate",
      dependencies: [
        "JarvisSimulator", "JarvisPolicy", "JarvisConfig", "JarvisCore", "JarvisProtocol",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: strict),

    .testTarget(name: "JarvisProtocolTests", dependencies: ["JarvisProtocol"], swiftSettings: strict),
    .testTarget(name: "WardenProtocolTests", dependencies: ["WardenProtocol"], swiftSettings: strict),
    .testTarget(name: "JarvisAgentsTests", dependencies: ["JarvisAgents"], swiftSettings: strict),
    .testTarget(name: "JarvisCoreTests", dependencies: ["JarvisCore"], swiftSettings: strict),
    .testTarget(
      name: "JarvisSimulatorTests", dependencies: ["JarvisSimulator", "JarvisPolicy", "JarvisConfig", "JarvisCore"],
      swiftSettings: strict),
    .testTarget(name: "JarvisLinuxTests", dependencies: ["JarvisLinux"], swiftSettings: strict),
    .testTarget(
      name: "JarvisGitTests",
      dependencies: ["JarvisGit", "JarvisLinux", .product(name: "Logging", package: "swift-log")],
      swiftSettings: strict),
    .testTarget(
      name: "JarvisStoreTests", dependencies: ["JarvisStore", .product(name: "GRDB", package: "GRDB.swift")],
      swiftSettings: strict),
    .testTarget(name: "JarvisConfigTests", dependencies: ["JarvisConfig"], swiftSettings: strict),
    .testTarget(
      name: "JarvisDaemonTests", dependencies: ["JarvisDaemon", "jarvisd", "jarvis-warden", "jarvisctl"],
      swiftSettings: strict),
  ]
)
