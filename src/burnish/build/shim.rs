//! burnish-shim: the only part of burnish that stands next to the processes it measures.
//!
//! Compiled once with the user's own rustc (no crates, std only) and used in three roles:
//!
//! * `burnish-shim RUSTC ARGS…`: a `RUSTC_WRAPPER`. Runs rustc and appends one JSON line per compiled crate to
//!   `$BURNISH_LOG`: the arguments really given, wall and CPU seconds, peak memory in bytes, exit status.
//!   `$BURNISH_DEPS` says what libraries are compiled to: `both` turns cargo's `-C embed-bitcode=no` into `=yes`
//!   (object and bitcode), `bitcode` into `-C linker-plugin-lto` (what cargo itself passes under LTO), `off` adds
//!   `-C lto=off`. `$BURNISH_CODEGEN_UNITS=TAG=N` turns `-C codegen-units=TAG` into N units, or drops it where N is empty: the tag
//!   keeps cells apart in cargo's hash, and nothing else can take away what a manifest sets.
//!   `$BURNISH_CHAIN` is the user's own wrapper.
//!   `$BURNISH_REMAP` has a line FROM=TO for each `--remap-path-prefix` that rustc is given.
//!   `$BURNISH_LINKER` makes a final crate that cargo compiles with `-C lto=thin` leave link-time optimization to that
//!   linker; the linker that was asked for goes to it in `$BURNISH_REAL_LINKER`.
//!   `$BURNISH_LAYOUTS=N DIRECTORY` links a final crate that is compiled with `--cfg burnish_layouts` through this shim.
//!
//! * `burnish-shim ARGS…` with `$BURNISH_AS_LINKER`: the linker of such a crate. Links as it is told, then N times more
//!   with the functions in another order each time, to `DIRECTORY/1` and so on; where the linker cannot do that, there
//!   are no such files. `$BURNISH_LAYOUTS_LLD` is the directory of an `ld.lld` that does these links in its stead.
//!
//! * `burnish-shim --burnish-round PARENT`: runs the commands described on stdin one after the other and answers one JSON
//!   line for each. stdin holds NUL-terminated fields: the number of runs, then for each run the file for its
//!   stdout, the bytes of environment padding, the number of repeats, the number of environment variables, a name and a
//!   value for each, the number of arguments, the arguments.
//!
//! * `burnish-shim --burnish-exec PARENT COMMAND ARGS…`: becomes the command.
//!
//! PARENT is the process id of burnish.
//! All roles ask Linux to kill what they started when their parent dies, so that `kill -9` leaves nothing running.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::process::CommandExt;
use std::process::{exit, Command, Stdio};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

#[repr(C)]
#[derive(Default)]
struct Timeval {
    sec: i64,
    #[cfg(target_os = "macos")]
    usec: i32,
    #[cfg(not(target_os = "macos"))]
    usec: i64,
}

impl Timeval {
    fn seconds(&self) -> f64 {
        self.sec as f64 + self.usec as f64 * 1e-6
    }
}

/// `struct rusage` of getrusage(2), on 64-bit Linux and macOS.
#[repr(C)]
#[derive(Default)]
struct Rusage {
    user: Timeval,
    system: Timeval,
    maxrss: i64,
    unused: [i64; 12],
    /// Involuntary context switches: how often another process took the core away.
    nivcsw: i64,
}

/// getrusage(2): two timevals and fourteen longs; wait4 writes all of it.
const _: () = assert!(std::mem::size_of::<Rusage>() == 144);

extern "C" {
    fn wait4(pid: i32, status: *mut i32, options: i32, usage: *mut Rusage) -> i32;
    fn getppid() -> i32;
    fn _exit(status: i32) -> !;
    #[cfg(target_os = "linux")]
    fn prctl(option: i32, arg2: u64, arg3: u64, arg4: u64, arg5: u64) -> i32;
}

/// prctl(2): PR_SET_PDEATHSIG is 1, SIGKILL is 9. A parent that ended before it was asked sends nothing, and leaves
/// its children to another: whoever knows its parent looks afterwards.
fn die_with_parent(parent: Option<i32>) {
    unsafe {
        #[cfg(target_os = "linux")]
        prctl(1, 9, 0, 0, 0);
        let now = getppid();
        if parent.map_or(now == 1, |expected| now != expected) {
            _exit(137);
        }
    }
}

struct Outcome {
    wall: f64,
    usage: Rusage,
    /// Exit code, or 128 + signal as a shell reports it.
    code: i32,
}

impl Outcome {
    fn maxrss_bytes(&self) -> i64 {
        if cfg!(target_os = "macos") { self.usage.maxrss } else { self.usage.maxrss * 1024 }
    }

    fn write_fields(&self, line: &mut String) {
        let _ = write!(
            line,
            "\"wall\":{:.6},\"user\":{:.6},\"sys\":{:.6},\"maxrss\":{},\"nivcsw\":{},\"code\":{}",
            self.wall,
            self.usage.user.seconds(),
            self.usage.system.seconds(),
            self.maxrss_bytes(),
            self.usage.nivcsw,
            self.code
        );
    }
}

fn run(command: &mut Command) -> io::Result<Outcome> {
    let own = std::process::id() as i32;
    unsafe {
        command.pre_exec(move || {
            die_with_parent(Some(own));
            Ok(())
        });
    }
    let start = Instant::now();
    let child = command.spawn()?;
    let mut status = 0;
    let mut usage = Rusage::default();
    loop {
        let pid = unsafe { wait4(child.id() as i32, &mut status, 0, &mut usage) };
        if pid >= 0 {
            break;
        }
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
    let wall = start.elapsed().as_secs_f64();
    let signal = status & 0x7f;
    let code = if signal == 0 { (status >> 8) & 0xff } else { 128 + signal };
    Ok(Outcome { wall, usage, code })
}

fn push_json(text: &str, line: &mut String) {
    line.push('"');
    for c in text.chars() {
        match c {
            '"' => line.push_str("\\\""),
            '\\' => line.push_str("\\\\"),
            c if (c as u32) < 0x20 => {
                let _ = write!(line, "\\u{:04x}", c as u32);
            }
            c => line.push(c),
        }
    }
    line.push('"');
}

fn fail(message: &str) -> ! {
    eprintln!("burnish-shim: {message}");
    exit(125)
}

// --- RUSTC_WRAPPER ---------------------------------------------------------------------------------------------------

/// The crate's name where this call compiles one; cargo's probes (`-vV`, `--print`, the crate `___`) do not.
fn compiled_crate(args: &[OsString]) -> Option<String> {
    let at = args.iter().position(|arg| arg == "--crate-name")?;
    let name = args.get(at + 1)?.to_string_lossy().into_owned();
    (name != "___").then_some(name)
}

/// The value of a codegen option in both spellings: `-C key=value` (cargo's) and `-Ckey=value`.
fn codegen_value<'a>(arg: &'a OsString, key: &str) -> Option<&'a str> {
    let text = arg.to_str()?;
    let text = text.strip_prefix("-C").unwrap_or(text);
    text.strip_prefix(key)?.strip_prefix('=')
}

/// Replaces the codegen option at `at` (in either spelling), or drops it where `option` is empty.
fn replace_codegen(args: &mut Vec<OsString>, at: usize, option: &str) {
    let apart = at > 0 && args[at - 1] == "-C";
    if !option.is_empty() {
        args[at] = OsString::from(if apart { option.to_owned() } else { format!("-C{option}") });
    } else {
        args.drain(if apart { at - 1..=at } else { at..=at });
    }
}

fn find_codegen(args: &[OsString], key: &str, value: &str) -> Option<usize> {
    args.iter().position(|arg| codegen_value(arg, key) == Some(value))
}

fn rewrite_bitcode(args: &mut Vec<OsString>, deps: &str) {
    if deps == "off" {
        args.push(OsString::from("-C"));
        args.push(OsString::from("lto=off"));
        return;
    }
    let Some(at) = find_codegen(args, "embed-bitcode", "no") else { return };
    let mut types = args.windows(2).filter(|pair| pair[0] == "--crate-type").map(|pair| &pair[1]).peekable();
    // Of a bench target cargo names no crate type: a program is rustc's own default.
    let linked = types.peek().is_none() || types.any(|kind| kind != "lib" && kind != "rlib");
    let lto = args.iter().filter_map(|arg| codegen_value(arg, "lto")).last();
    if linked {
        // The final crate: `embed-bitcode=no` contradicts LTO, and is right without it.
        if matches!(lto, Some("thin" | "fat")) {
            replace_codegen(args, at, "");
        }
    } else if deps == "both" {
        replace_codegen(args, at, "embed-bitcode=yes");
    } else if deps == "bitcode" {
        replace_codegen(args, at, "linker-plugin-lto");
    }
}

/// Whether rustc only links the crate's program or cdylib: a staticlib is no link, and needs machine code in it.
/// Without a crate type it is a program (a bench target).
fn links_only(args: &[OsString]) -> bool {
    let mut types = args.windows(2).filter(|pair| pair[0] == "--crate-type").flat_map(|pair| {
        pair[1].to_string_lossy().split(',').map(str::to_owned).collect::<Vec<_>>()
    });
    types.all(|kind| kind == "bin" || kind == "cdylib")
}

/// Hands link-time optimization of the final crate to `linker`; gives the linker that was asked for.
fn link_through(args: &mut Vec<OsString>, linker: &OsStr) -> Option<OsString> {
    let at = find_codegen(args, "lto", "thin").filter(|_| links_only(args))?;
    replace_codegen(args, at, "linker-plugin-lto");
    Some(replace_linker(args, linker))
}

/// Links the crate by this shim where its layouts are asked for; gives the linker that was asked for.
fn link_layouts(args: &mut Vec<OsString>) -> Option<OsString> {
    env::var_os("BURNISH_LAYOUTS")?;
    if !links_only(args) || !args.windows(2).any(|pair| pair[0] == "--cfg" && pair[1] == "burnish_layouts") {
        return None;
    }
    let asked = replace_linker(args, env::current_exe().ok()?.as_os_str());
    Some(if asked.is_empty() { OsString::from("cc") } else { asked })
}

/// Puts a linker in the place of the one that was asked for, and gives that; empty where none was.
fn replace_linker(args: &mut Vec<OsString>, linker: &OsStr) -> OsString {
    let mut asked = OsString::new();
    while let Some(at) = args.iter().position(|arg| codegen_value(arg, "linker").is_some()) {
        asked = OsString::from(codegen_value(&args[at], "linker").unwrap_or_default());
        replace_codegen(args, at, "");
    }
    let mut option = OsString::from("linker=");
    option.push(linker);
    args.push(OsString::from("-C"));
    args.push(option);
    asked
}

fn rewritten(mut args: Vec<OsString>) -> Vec<OsString> {
    let units = env::var("BURNISH_CODEGEN_UNITS").unwrap_or_default();
    let (tag, value) = units.split_once('=').unwrap_or_default();
    if !units.is_empty() && args.iter().any(|arg| arg.as_bytes().starts_with(b"@")) {
        fail("cargo hands rustc its arguments in a file (too many for a command line); such crates cannot be rewritten");
    }
    let tagged = find_codegen(&args, "codegen-units", tag);
    // Crates of the candidate carry the tag, or where an override sets its own units, at least an opt-level:
    // host crates (build scripts, proc macros and what they use) have none unless a build-override gives it.
    let optimised = args.iter().any(|arg| codegen_value(arg, "opt-level").is_some());
    if tagged.is_none() && (!optimised || env::var_os("BURNISH_HOST_OPTIMISED").is_some()) {
        return args;
    }
    if let Some(at) = tagged {
        let option = if value.is_empty() { String::new() } else { format!("codegen-units={value}") };
        replace_codegen(&mut args, at, &option);
    }
    if let Ok(deps) = env::var("BURNISH_DEPS") {
        rewrite_bitcode(&mut args, &deps);
    }
    args
}

fn log_crate(name: &str, args: &[OsString], began: f64, outcome: &Outcome) {
    let Some(path) = env::var_os("BURNISH_LOG") else { return };
    let mut line = String::from("{\"crate\":");
    push_json(name, &mut line);
    line.push_str(",\"package\":");
    push_json(&env::var("CARGO_PKG_NAME").unwrap_or_default(), &mut line);
    let _ = write!(line, ",\"began\":{began:.6},");
    outcome.write_fields(&mut line);
    line.push_str(",\"args\":[");
    for (index, arg) in args.iter().enumerate() {
        if index > 0 {
            line.push(',');
        }
        push_json(&arg.to_string_lossy(), &mut line);
    }
    line.push_str("]}\n");
    // One write with O_APPEND: lines of parallel crates do not mix.
    let file = OpenOptions::new().append(true).create(true).open(path);
    if file.and_then(|mut file| file.write_all(line.as_bytes())).is_err() {
        fail("cannot write the log of compiled crates (disk full?)");
    }
}

fn wrap_rustc(mut argv: Vec<OsString>) -> ! {
    if let Some(chain) = env::var_os("BURNISH_CHAIN") {
        argv.insert(0, chain);
    }
    let rustc = argv.remove(0);
    let Some(name) = compiled_crate(&argv) else {
        let error = Command::new(&rustc).args(&argv).exec();
        fail(&format!("cannot run {}: {error}", rustc.to_string_lossy()));
    };
    let mut args = rewritten(argv);
    let mut command = Command::new(&rustc);
    if let Some(asked) = env::var_os("BURNISH_LINKER").and_then(|linker| link_through(&mut args, &linker)) {
        command.env("BURNISH_REAL_LINKER", asked);
    }
    if let Some(asked) = link_layouts(&mut args) {
        command.env("BURNISH_AS_LINKER", asked);
    }
    for pair in env::var("BURNISH_REMAP").unwrap_or_default().lines() {
        args.extend([OsString::from("--remap-path-prefix"), OsString::from(pair)]);
    }
    let began = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |time| time.as_secs_f64());
    match run(command.args(&args)) {
        Ok(outcome) => {
            log_crate(&name, &args, began, &outcome);
            exit(outcome.code)
        }
        Err(error) => fail(&format!("cannot run {}: {error}", rustc.to_string_lossy())),
    }
}

// --- linker -----------------------------------------------------------------------------------------------------------

/// The arguments with another output. rustc writes long lines to a file, one argument a line, with `\` before blanks
/// and backslashes (rustc_codegen_ssa, `escape_arg` of `exec_linker`).
fn with_output(args: &[OsString], output: &str, scratch: &str) -> io::Result<Vec<OsString>> {
    let mut found = args.to_vec();
    if let Some(at) = found.iter().position(|arg| arg == "-o") {
        found[at + 1] = OsString::from(output);
        return Ok(found);
    }
    for arg in &mut found {
        let Some(file) = arg.to_str().and_then(|text| text.strip_prefix('@')) else { continue };
        let text = std::fs::read_to_string(file)?;
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        if let Some(at) = lines.iter().position(|line| line == "-o") {
            lines[at + 1] = output.replace('\\', "\\\\").replace(' ', "\\ ");
            std::fs::write(scratch, lines.join("\n"))?;
            *arg = OsString::from(format!("@{scratch}"));
            return Ok(found);
        }
    }
    Err(io::Error::other("no output in the linker's arguments"))
}

fn as_linker(linker: &OsStr, args: &[OsString]) -> ! {
    let outcome = run(Command::new(linker).args(args));
    let code = match outcome {
        Ok(outcome) => outcome.code,
        Err(error) => fail(&format!("cannot run {}: {error}", linker.to_string_lossy())),
    };
    let wanted = env::var("BURNISH_LAYOUTS").unwrap_or_default();
    let (count, directory) = wanted.split_once(' ').unwrap_or_default();
    for seed in 1..=count.parse::<u32>().unwrap_or(0) {
        let output = format!("{directory}/{seed}");
        let Ok(mut again) = with_output(args, &output, &format!("{output}.arguments")) else { break };
        if let Some(directory) = env::var_os("BURNISH_LAYOUTS_LLD") {
            again.extend([OsString::from("-fuse-ld=lld"), OsString::from("-B"), directory]);
        }
        again.push(OsString::from(format!("-Wl,--shuffle-sections=.text*={seed}")));
        let quiet = Command::new(linker).args(&again).stdout(Stdio::null()).stderr(Stdio::null()).status();
        if code != 0 || !quiet.is_ok_and(|status| status.success()) {
            let _ = std::fs::remove_file(&output);
            break;
        }
    }
    exit(code)
}

// --- rounds ----------------------------------------------------------------------------------------------------------

struct Fields {
    bytes: std::vec::IntoIter<Vec<u8>>,
}

impl Fields {
    fn next(&mut self) -> OsString {
        OsString::from_vec(self.bytes.next().unwrap_or_else(|| fail("the round ends too early")))
    }

    fn number(&mut self) -> usize {
        let field = self.next();
        std::str::from_utf8(field.as_bytes()).ok().and_then(|text| text.parse().ok()).unwrap_or_else(|| fail("no number"))
    }
}

fn run_round() -> io::Result<()> {
    let mut input = Vec::new();
    io::stdin().read_to_end(&mut input)?;
    let fields: Vec<Vec<u8>> = input.split(|byte| *byte == 0).map(<[u8]>::to_vec).collect();
    let mut fields = Fields { bytes: fields.into_iter() };
    for _ in 0..fields.number() {
        let stdout = fields.next();
        let padding = "x".repeat(fields.number());
        let repeats = fields.number();
        let variables = fields.number();
        let environment: Vec<(OsString, OsString)> = (0..variables).map(|_| (fields.next(), fields.next())).collect();
        let argc = fields.number();
        let argv: Vec<OsString> = (0..argc).map(|_| fields.next()).collect();
        let mut line = String::from("{\"runs\":[");
        for repeat in 0..repeats {
            let mut command = Command::new(&argv[0]);
            command.args(&argv[1..]).env("BURNISH_PAD", &padding).envs(environment.iter().cloned());
            command.stdin(Stdio::null()).stdout(File::create(&stdout)?);
            line.push_str(if repeat > 0 { ",{" } else { "{" });
            match run(&mut command) {
                Ok(outcome) => outcome.write_fields(&mut line),
                Err(error) => {
                    line.push_str("\"error\":");
                    push_json(&error.to_string(), &mut line);
                }
            }
            line.push('}');
        }
        line.push_str("]}\n");
        let mut out = io::stdout().lock();
        out.write_all(line.as_bytes())?;
        out.flush()?;
    }
    Ok(())
}

fn main() {
    let argv: Vec<OsString> = env::args_os().skip(1).collect();
    if let Some(linker) = env::var_os("BURNISH_AS_LINKER") {
        die_with_parent(None);
        as_linker(&linker, &argv);
    }
    let role = argv.first().and_then(|first| first.to_str()).filter(|first| first.starts_with("--burnish-"));
    die_with_parent(role.and(argv.get(1)).and_then(|pid| pid.to_str()?.parse().ok()));
    match argv.first() {
        Some(first) if first == "--burnish-round" => {
            if let Err(error) = run_round() {
                fail(&error.to_string());
            }
        }
        Some(first) if first == "--burnish-exec" && argv.len() > 2 => {
            // The request to be killed with the parent survives exec; cargo itself would never ask for it.
            let error = Command::new(&argv[2]).args(&argv[3..]).exec();
            fail(&format!("cannot run {}: {error}", argv[2].to_string_lossy()))
        }
        Some(_) => wrap_rustc(argv),
        None => fail("used by burnish; see the burnish documentation"),
    }
}
