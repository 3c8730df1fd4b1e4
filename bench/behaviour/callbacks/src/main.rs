//! C that calls back: SQLite with functions in Rust, zlib with Rust's allocator.

use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;
use rusqlite::functions::{Aggregate, Context, FunctionFlags};
use rusqlite::{Connection, Result, params};

struct Longest;

impl Aggregate<String, String> for Longest {
    fn init(&self, _: &mut Context<'_>) -> Result<String> {
        Ok(String::new())
    }
    fn step(&self, context: &mut Context<'_>, longest: &mut String) -> Result<()> {
        let word: String = context.get(0)?;
        if word.len() > longest.len() {
            *longest = word;
        }
        Ok(())
    }
    fn finalize(&self, _: &mut Context<'_>, longest: Option<String>) -> Result<String> {
        Ok(longest.unwrap_or_default())
    }
}

fn database() -> Result<()> {
    let mut connection = Connection::open_in_memory()?;
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    connection.create_scalar_function("backwards", 1, flags, |context| {
        let word: String = context.get(0)?;
        assert!(word != "panic", "a panic that SQLite passes on as an error");
        Ok(word.chars().rev().collect::<String>())
    })?;
    connection.create_aggregate_function("longest", 1, flags, Longest)?;
    connection.create_collation("by_length", |a, b| a.len().cmp(&b.len()).then_with(|| b.cmp(a)))?;
    connection.update_hook(Some(|action, _: &str, table: &str, row| {
        if row % 200 == 0 {
            println!("{action:?} {table} {row}");
        }
    }));
    connection.execute_batch("create table words (id integer primary key, word text not null unique, n real)")?;
    let transaction = connection.transaction()?;
    let mut words: Vec<&str> = include_str!("main.rs").split(|c: char| !c.is_alphanumeric()).collect();
    words.sort_unstable();
    words.dedup();
    for (n, word) in words.iter().enumerate() {
        transaction.execute("insert into words (word, n) values (?1, ?2)", params![word, n as f64 / 3.0])?;
    }
    transaction.commit()?;
    let mut query = connection.prepare(
        "select backwards(word), n, count(*) over (order by n rows 2 preceding) from words order by word collate by_length",
    )?;
    let rows =
        query.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, f64>(1)?, row.get::<_, i64>(2)?)))?;
    for row in rows {
        println!("{:?}", row?);
    }
    println!(
        "{:?}",
        connection.query_row("select longest(word), avg(n), total(n) from words", [], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, f64>(1)?, row.get::<_, f64>(2)?))
        })?
    );
    println!("{:?}", connection.query_row("select backwards('panic')", [], |row| row.get::<_, String>(0)));
    println!(
        "{:?}",
        connection.execute("insert into words (word) values ('fn')", []).map_err(|error| error.to_string())
    );
    Ok(())
}

fn compression() -> std::io::Result<()> {
    let data = include_bytes!("main.rs").repeat(50);
    for level in [1, 6, 9] {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::new(level));
        encoder.write_all(&data)?;
        let packed = encoder.finish()?;
        let mut unpacked = Vec::new();
        ZlibDecoder::new(&packed[..]).read_to_end(&mut unpacked)?;
        println!("zlib {level} {} {}", packed.len(), unpacked == data);
    }
    for level in [1, 3, 19] {
        let packed = zstd::encode_all(&data[..], level)?;
        println!("zstd {level} {} {}", packed.len(), zstd::decode_all(&packed[..])? == data);
        println!("zstd cut: {}", zstd::decode_all(&packed[..packed.len() / 2]).unwrap_err());
    }
    Ok(())
}

fn main() {
    database().unwrap();
    compression().unwrap();
}
