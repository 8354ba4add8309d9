//! Links the program to a fixed address: the guard's tables then need no relocation at each start, which would take
//! a fifth of its time.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    // The machine that builds stands for the one it is built for.
    if cfg!(all(target_os = "linux", target_env = "gnu")) {
        println!("cargo:rustc-link-arg-bins=-no-pie");
    }
}
