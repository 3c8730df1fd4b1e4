//! Proc macros: clap, serde, strum and thiserror derive what the program consists of.

use std::collections::BTreeMap;
use std::io::Read;

use clap::{Parser, Subcommand, ValueEnum};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use strum::{EnumIter, EnumString, IntoEnumIterator};

#[derive(Parser)]
#[command(version, about)]
struct Arguments {
    /// How to print
    #[arg(long, value_enum, default_value = "pretty")]
    style: Style,
    #[command(subcommand)]
    command: Command,
}

#[derive(Clone, Copy, ValueEnum, EnumIter, EnumString, strum::Display, PartialEq, Eq)]
#[strum(serialize_all = "kebab-case")]
enum Style {
    Pretty,
    Compact,
    Toml,
}

#[derive(Subcommand)]
enum Command {
    /// Read JSON of stdin and print it
    Show {
        /// A path such as `a.0.b`
        path: Option<String>,
    },
    /// Print shapes that were derived
    Shapes {
        count: u32,
    },
    Styles,
}

#[derive(Serialize, Deserialize, Debug, PartialEq, Clone)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
enum Shape {
    Circle {
        radius: f64,
        #[serde(default)]
        label: Option<String>,
    },
    Polygon {
        points: Vec<(f64, f64)>,
        #[serde(flatten)]
        rest: BTreeMap<String, i64>,
    },
    Empty,
}

#[derive(thiserror::Error, Debug)]
enum Problem {
    #[error("cannot read: {0}")]
    Read(#[from] std::io::Error),
    #[error("not JSON: {0}")]
    Json(#[from] serde_json::Error),
    #[error("not TOML: {0}")]
    Toml(#[from] toml::ser::Error),
    #[error("nothing at {path:?}")]
    Nothing { path: String },
}

fn print<T: Serialize>(value: &T, style: Style) -> Result<(), Problem> {
    let text = match style {
        Style::Pretty => serde_json::to_string_pretty(value)?,
        Style::Compact => serde_json::to_string(value)?,
        Style::Toml => toml::to_string(value)?,
    };
    println!("{text}");
    Ok(())
}

fn shapes(count: u32) -> Vec<Shape> {
    (0..count)
        .map(|n| match n % 3 {
            0 => Shape::Circle { radius: f64::from(n) / 7.0, label: (n % 2 == 0).then(|| format!("c{n}\u{1F980}\n")) },
            1 => Shape::Polygon {
                points: (0..n % 5).map(|i| (f64::from(i).sqrt(), f64::from(n).exp())).collect(),
                rest: BTreeMap::from([("depth".into(), -i64::from(n))]),
            },
            _ => Shape::Empty,
        })
        .collect()
}

fn run(arguments: &Arguments) -> Result<(), Problem> {
    match &arguments.command {
        Command::Show { path } => {
            let mut text = String::new();
            std::io::stdin().read_to_string(&mut text)?;
            let whole: Value = serde_json::from_str(&text)?;
            let pointer = path.as_ref().map_or(String::new(), |path| format!("/{}", path.replace('.', "/")));
            let found = whole.pointer(&pointer).ok_or_else(|| Problem::Nothing { path: pointer.clone() })?;
            print(found, arguments.style)
        }
        Command::Shapes { count } => {
            let made = BTreeMap::from([("shapes", shapes(*count))]);
            let text = serde_json::to_string(&made)?;
            let back: BTreeMap<&str, Vec<Shape>> = serde_json::from_str(&text)?;
            println!("same: {}", back == made);
            println!(
                "{:?}",
                serde_json::from_str::<Shape>(r#"{"kind":"circle","radius":"x"}"#).map_err(|e| e.to_string())
            );
            println!("{:?}", serde_json::from_str::<Shape>(r#"{"kind":"square"}"#).map_err(|e| e.to_string()));
            print(&made, arguments.style)
        }
        Command::Styles => {
            for style in Style::iter() {
                println!("{style} {:?}", style.to_string().parse::<Style>().is_ok_and(|parsed| parsed == style));
            }
            Ok(())
        }
    }
}

fn main() {
    if let Err(problem) = run(&Arguments::parse()) {
        eprintln!("derived: {problem}");
        std::process::exit(4);
    }
}
