use std::process::Command;

fn main() {
    println!("cargo:rerun-if-changed=src/plugin.c");
    println!("cargo:rustc-link-arg-bins=-rdynamic");
    let plugin = format!("{}/plugin.so", std::env::var("OUT_DIR").unwrap());
    let compiler = cc::Build::new().get_compiler();
    let status = Command::new(compiler.path())
        .args(["-O1", "-fexceptions", "-shared", "-fPIC", "src/plugin.c", "-o", &plugin])
        .status();
    assert!(status.unwrap().success());
    println!("cargo:rustc-env=PLUGIN={plugin}");
}
