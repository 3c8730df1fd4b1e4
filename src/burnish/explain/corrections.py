"""What the usual explanation has wrong, with the source. Data: facts of rustc 1.95."""

from typing import Final

from burnish.explain.texts import CODEGEN, PROFILES
from burnish.explain.values import Correction

CORRECTIONS: Final = (
    Correction(
        option="lto",
        said="lto = false means no LTO",
        truth='false is thin-local LTO among the codegen units of each crate; only "off" is none.',
        source=f"{PROFILES}#lto",
    ),
    Correction(
        option="lto",
        said="without LTO no function is inlined across crates",
        truth="Generic and #[inline] functions always were; since 1.75 rustc also offers small functions without calls "
        "to other crates by itself.",
        source="https://github.com/rust-lang/rust/pull/116505",
    ),
    Correction(
        option="lto",
        said="without LTO unused functions stay in the program",
        truth="The linker drops sections that nothing refers to (--gc-sections); LTO also finds what "
        "becomes unreachable once constants are known.",
        source="https://doc.rust-lang.org/rustc/codegen-options/index.html#link-dead-code",
    ),
    Correction(
        option="lto",
        said="lto in the profile is always applied",
        truth='A crate type without LTO in the list, as in crate-type = ["cdylib", "rlib"], drops it for all of them, '
        "without a word.",
        source="https://github.com/rust-lang/cargo/blob/master/src/cargo/core/compiler/lto.rs",
    ),
    Correction(
        option="lto",
        said="thin LTO makes the file smaller",
        truth="It copies functions into the modules that call them; files that grow are common "
        "(cargo 36 to 37 MB, meilisearch 112 to 113 MB).",
        source="https://github.com/rust-lang/cargo/issues/14719",
    ),
    Correction(
        option="codegen-units",
        said="a crate is split into 16 units by default",
        truth="16 is the most; the default merges small units, so that small crates are one unit. "
        "codegen-units = 16 merges far less.",
        source="https://doc.rust-lang.org/stable/nightly-rustc/rustc_session/enum.CodegenUnits.html",
    ),
    Correction(
        option="opt-level",
        said="2 is the default of release",
        truth="It is 3. The 2 was rustc's own -O, which means 3 as well since 1.86.",
        source=f"{PROFILES}#release",
    ),
    Correction(
        option="opt-level",
        said='"z" is always the smallest',
        truth="The rustc book itself says that z often gives larger files than s.",
        source=f"{CODEGEN}#opt-level",
    ),
    Correction(
        option="panic",
        said='panic = "abort" removes the unwind tables',
        truth="On x86_64 Linux they stay (the target asks for them), and so do backtraces; what goes is landing pads.",
        source="https://doc.rust-lang.org/nightly/nightly-rustc/rustc_target/spec/struct.TargetOptions.html"
        "#structfield.default_uwtable",
    ),
    Correction(
        option="panic",
        said="cargo test --release shows what abort does",
        truth="Tests and benches ignore panic: they are built with unwind and pass where the program aborts.",
        source=f"{PROFILES}#panic",
    ),
    Correction(
        option="strip",
        said="release keeps all debug info until you set strip = true",
        truth='Since 1.77 an unset strip acts as "debuginfo" where no debug info is asked for.',
        source="https://github.com/rust-lang/cargo/pull/13257",
    ),
    Correction(
        option="strip",
        said="strip makes the program faster",
        truth="The code is the same byte for byte; what is stripped is never loaded.",
        source=f"{CODEGEN}#strip",
    ),
)


def corrections_for(key: str) -> tuple[Correction, ...]:
    """Those about an option."""
    return tuple(each for each in CORRECTIONS if each.option == key)
