// swift-tools-version: 6.1
import PackageDescription

// Microbenchmarks of the pure parts. Their sources are linked in (Sources/), so that nothing else of Jarvis, and none of
// what it depends on, has to be built for them. `bash Benchmarks/run.sh micro` runs them.
let strict: [SwiftSetting] = [.enableUpcomingFeature("ExistentialAny")]

let package = Package(
  name: "jarvis-benchmarks",
  dependencies: [
    .package(url: "https://github.com/ordo-one/benchmark", from: "1.38.1", traits: [])
  ],
  targets: [
    .target(name: "JarvisProtocol", swiftSettings: strict),
    .target(name: "JarvisCore", dependencies: ["JarvisProtocol"], swiftSettings: strict),
    .executableTarget(
      name: "Micro",
      dependencies: ["JarvisCore", "JarvisProtocol", .product(name: "Benchmark", package: "benchmark")],
      path: "Micro",
      plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")]),
  ]
)
