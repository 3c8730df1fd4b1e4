//! The program as its user runs it.

use std::process::{Command, Output};

fn crossings(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_crossings"))
        .args(arguments)
        .output()
        .expect("the program starts")
}

#[test]
fn one_round_in_25_panics_and_is_recovered() {
    let output = crossings(&["50"]);
    assert!(output.status.success());
    assert!(String::from_utf8_lossy(&output.stdout).contains("recovered panics 2\n"));
}

#[test]
fn the_output_is_the_same_every_time() {
    assert_eq!(crossings(&["3"]).stdout, crossings(&["3"]).stdout);
}

#[test]
fn a_number_of_rounds_that_is_none_is_refused() {
    assert_eq!(crossings(&["many"]).status.code(), Some(2));
}
