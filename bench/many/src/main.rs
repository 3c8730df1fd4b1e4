//! Counts the lines of a tree that match a pattern, in parallel, and reports by file type.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::{Parser, ValueEnum};
use rayon::prelude::*;
use regex::Regex;
use serde::Serialize;

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    Json,
    Csv,
    Toml,
}

#[derive(Parser)]
struct Arguments {
    pattern: String,
    root: PathBuf,
    #[arg(long, value_enum, default_value = "json")]
    format: Format,
    #[arg(long)]
    progress: bool,
    #[arg(long)]
    since: Option<chrono::NaiveDate>,
    #[arg(long)]
    base: Option<url::Url>,
}

#[derive(Default, Serialize)]
struct Count {
    files: usize,
    lines: usize,
    matches: usize,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let pattern = Regex::new(&arguments.pattern).context("the pattern")?;
    let files: Vec<PathBuf> = ignore::WalkBuilder::new(&arguments.root)
        .build()
        .filter_map(|entry| entry.ok())
        .filter(|entry| entry.file_type().is_some_and(|kind| kind.is_file()))
        .map(|entry| entry.into_path())
        .collect();
    let bar = if arguments.progress { indicatif::ProgressBar::new(files.len() as u64) } else { indicatif::ProgressBar::hidden() };
    let counts = files
        .par_iter()
        .map(|file| {
            bar.inc(1);
            let text = std::fs::read(file).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
            let kind = file.extension().map_or_else(String::new, |kind| kind.to_string_lossy().into_owned());
            let matches = text.lines().filter(|line| pattern.is_match(line)).count();
            (kind, Count { files: 1, lines: text.lines().count(), matches })
        })
        .fold(BTreeMap::<String, Count>::new, |mut all, (kind, one)| {
            add(all.entry(kind).or_default(), &one);
            all
        })
        .reduce(BTreeMap::new, |mut left, right| {
            for (kind, one) in right {
                add(left.entry(kind).or_default(), &one);
            }
            left
        });
    match arguments.format {
        Format::Json => println!("{}", serde_json::to_string_pretty(&counts)?),
        Format::Toml => print!("{}", toml::to_string(&counts)?),
        Format::Csv => {
            let mut scratch = csv::Writer::from_writer(tempfile::tempfile()?);
            let mut writer = csv::Writer::from_writer(std::io::stdout());
            for (kind, one) in &counts {
                scratch.serialize((kind, one.files, one.lines, one.matches))?;
                writer.serialize((kind, one.files, one.lines, one.matches))?;
            }
        }
    }
    if let (Some(since), Some(base)) = (arguments.since, arguments.base) {
        eprintln!("{base} {}", since.format("%A %d %B %Y"));
    }
    Ok(())
}

fn add(all: &mut Count, one: &Count) {
    all.files += one.files;
    all.lines += one.lines;
    all.matches += one.matches;
}
