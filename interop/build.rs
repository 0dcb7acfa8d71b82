// The build-dependency exists for its features; without a build script Cargo would not resolve it.
fn main() {
    println!("cargo::rerun-if-changed=build.rs");
}
