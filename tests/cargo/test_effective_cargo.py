"""The real cargo says which flags rustc gets; `resolve` must have said the same, and refuse what cargo refuses."""

import os
import re
import shlex
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest

from burnish.cargo.manifest import FileChange, set_profile
from burnish.cargo.write import write_change
from burnish.errors import UsageError
from burnish.profile.effective import EffectiveProfile, SourceText, resolve
from burnish.profile.keys import LTO_SPELLINGS
from burnish.profile.options import Lto, OptLevel, Panic, Strip
from burnish.profile.profile import Profile

pytestmark = pytest.mark.cargo

PACKAGE = '[package]\nname = "app"\nversion = "0.1.0"\nedition = "2021"\n'


@dataclass(frozen=True, kw_only=True, slots=True)
class Project:
    """A program of one line, its config file, and an environment of its own."""

    root: Path
    env: Mapping[str, str]

    @property
    def manifest(self) -> Path:
        return self.root / "Cargo.toml"

    def write(self, manifest: str, config: str = "") -> None:
        self.manifest.write_text(manifest)
        (self.root / ".cargo" / "config.toml").write_text(config)

    def build(self, name: str) -> "subprocess.CompletedProcess[str]":
        inherited = {key: value for key, value in os.environ.items() if not re.match("CARGO_(PROFILE|INCR|BUILD)", key)}
        return subprocess.run(
            ["cargo", "build", "-v", "--offline", "--profile", name],
            cwd=self.root,
            env={**inherited, **self.env},
            capture_output=True,
            text=True,
            check=False,
        )

    def seen(self, name: str) -> Profile:
        """The profile in the flags of rustc."""
        built = self.build(name)
        assert built.returncode == 0, built.stderr
        assert "unused" not in built.stderr
        line = next(line for line in built.stderr.splitlines() if "Running" in line and "--crate-name app" in line)
        arguments = shlex.split(line.partition("`")[2].rstrip("`"))
        flags = [value for option, value in pairwise(arguments) if option == "-C"]
        codegen = {key: value for key, _, value in (flag.partition("=") for flag in flags)}
        units = codegen.get("codegen-units")
        return Profile(
            opt_level=OptLevel(codegen.get("opt-level", "0")),
            lto=Lto(LTO_SPELLINGS[codegen.get("lto", "") or "lto" in codegen]),
            codegen_units=None if units is None else int(units),
            panic=Panic(codegen.get("panic", "unwind")),
            strip=Strip(codegen.get("strip", "none")),
        )

    def resolved(self, name: str) -> EffectiveProfile:
        config = self.root / ".cargo" / "config.toml"
        return resolve(
            name,
            manifest=SourceText(path="Cargo.toml", text=self.manifest.read_text()),
            configs=[SourceText(path=".cargo/config.toml", text=config.read_text())],
            environment=self.env,
            package="app",
        )


def project(root: Path, manifest: str, config: str = "", env: Mapping[str, str] | None = None) -> Project:
    (root / "src").mkdir()
    (root / "src" / "main.rs").write_text("fn main() {}\n")
    (root / ".cargo").mkdir()
    made = Project(root=root, env=env or {})
    made.write(PACKAGE + manifest, config)
    return made


RESET = "[profile.release]\nstrip = {}\n[profile.release.package.{}]\n{}\n"


@pytest.mark.parametrize(
    ("name", "manifest", "config", "env"),
    [
        pytest.param("release", "", "", {}, id="nothing written: strip unset"),
        pytest.param("dev", "", "", {}, id="dev"),
        pytest.param("bench", "[profile.release]\nlto = 'thin'\n", "", {}, id="bench inherits release"),
        pytest.param("release", "[profile.release]\ndebug = 1\n", "", {}, id="strip unset with debug info"),
        pytest.param("release", "[profile.release]\ndebug = 'none'\n", "", {}, id="strip unset with debug none"),
        pytest.param("release", "[profile.release]\nstrip = true\nlto = true\n", "", {}, id="booleans"),
        pytest.param("release", "[profile.release]\nstrip = false\nlto = 'no'\n", "", {}, id="lto no"),
        pytest.param("release", "[profile.release]\nsplit-debuginfo = 'x'\n", "", {}, id="split-debuginfo is not read"),
        pytest.param("release", "[profile.release]\nlto = 'none'\n", "", {}, id="lto none"),
        pytest.param("release", "[profile.release]\nlto = 'yes'\n", "", {}, id="lto yes"),
        pytest.param("release", "[profile.release]\nopt-level = 's'\npanic = 'abort'\n", "", {}, id="s, abort"),
        pytest.param(
            "dist",
            "[profile.dist]\ninherits = 'release'\nlto = 'thin'\n[profile.release]\ncodegen-units = 2\nlto = 'fat'\n",
            "[profile.release]\ncodegen-units = 3\nlto = 'off'\nstrip = 'symbols'\n",
            {"CARGO_PROFILE_RELEASE_OPT_LEVEL": "2"},
            id="config and environment of the parent",
        ),
        pytest.param(
            "release",
            "[profile.release]\nlto = 'thin'\ncodegen-units = 2\n",
            "[profile.release]\nlto = 'fat'\ncodegen-units = 3\n",
            {"CARGO_PROFILE_RELEASE_LTO": "off", "CARGO_PROFILE_RELEASE_STRIP": "true"},
            id="environment over config over manifest",
        ),
        pytest.param("mine", "", "[profile.mine]\ninherits = 'release'\nlto = 'off'\n", {}, id="in the config alone"),
        pytest.param(
            "my-own",
            "",
            "",
            {"CARGO_PROFILE_MY_OWN_INHERITS": "release", "CARGO_PROFILE_MY_OWN_CODEGEN_UNITS": "04"},
            id="in the environment alone",
        ),
        pytest.param(
            "dist",
            "[profile.dist]\ninherits = 'release'\n",
            "[profile.dist]\ninherits = 'dev'\n",
            {},
            id="config redirects inherits",
        ),
        pytest.param(
            "release", RESET.format('"symbols"', "app", "overflow-checks = true"), "", {}, id="strip symbols is reset"
        ),
        pytest.param(
            "release", RESET.format('"none"', "app", "overflow-checks = true"), "", {}, id="strip none is reset"
        ),
        pytest.param("release", RESET.format("true", "app", "debug = 1"), "", {}, id="reset, with debug info"),
        pytest.param("release", RESET.format("true", "app", "strip = false"), "", {}, id="strip in the override"),
        pytest.param("release", RESET.format("true", '"app:0.1"', "overflow-checks = true"), "", {}, id="spec:version"),
        pytest.param("release", RESET.format("true", '"*"', "overflow-checks = true"), "", {}, id="star"),
        pytest.param(
            "dist",
            "[profile.release.package.app]\noverflow-checks = true\n"
            "[profile.dist]\ninherits = 'release'\nstrip = true\n",
            "",
            {},
            id="an inherited override resets strip",
        ),
        pytest.param(
            "release",
            "[profile.release]\nstrip = true\n",
            "[profile.release.package.app]\noverflow-checks = true\n",
            {},
            id="an override in the config resets strip",
        ),
        pytest.param(
            "release",
            "",
            "[profile.release]\nstrip = false\n",
            {"CARGO_PROFILE_RELEASE_STRIP_LTO": "true"},
            id="a stray variable beside a key in the config",
        ),
        pytest.param(
            "release", "", "", {"CARGO_PROFILE_ABSENT_LTO_LTO": "true"}, id="a stray variable of no profile at all"
        ),
        pytest.param(
            "release", "[profile.release]\npackage.app = {\n  strip = true,\n}\n", "", {}, id="TOML 1.1 inline"
        ),
    ],
)
def test_rustc_gets_what_the_effective_profile_says(
    tmp_path: Path, name: str, manifest: str, config: str, env: dict[str, str]
) -> None:
    made = project(tmp_path, manifest, config, env)
    assert made.resolved(name).profile == made.seen(name)


@pytest.mark.parametrize(
    ("name", "manifest", "config", "env"),
    [
        pytest.param("debug", "", "", {}, id="debug"),
        pytest.param("doc", "", "", {}, id="doc"),
        pytest.param("nope", "", "", {}, id="unknown"),
        pytest.param("x", "[profile.x]\nlto = true\n", "", {}, id="no inherits"),
        pytest.param("x", "[profile.x]\ninherits = 'y'\n", "", {}, id="unknown parent"),
        pytest.param("x", "[profile.x]\ninherits = 'y'\n[profile.y]\ninherits = 'x'\n", "", {}, id="circle"),
        pytest.param("release", "[profile.release]\ninherits = 'dev'\n", "", {}, id="root inherits"),
        pytest.param("release", "[profile.release]\nlto = 'true'\n", "", {}, id="lto quoted"),
        pytest.param("release", "[profile.release]\nlto = 'full'\n", "", {}, id="lto full"),
        pytest.param("release", "[profile.release]\nopt-level = '3'\n", "", {}, id="opt-level quoted"),
        pytest.param("release", "[profile.release]\nopt-level = 4\n", "", {}, id="opt-level 4"),
        pytest.param("release", "[profile.release]\ncodegen-units = 0\n", "", {}, id="no units"),
        pytest.param("release", "[profile.release]\nstrip = 'all'\n", "", {}, id="strip all"),
        pytest.param("release", "[profile.release.package.app]\nlto = true\n", "", {}, id="lto in an override"),
        pytest.param("release", "", "[profile.release]\ndebug = 3\n", {}, id="config"),
        pytest.param("release", "", "", {"CARGO_PROFILE_RELEASE_LTO": ""}, id="empty variable"),
        pytest.param("release", "", "", {"CARGO_PROFILE_RELEASE_RPATH": "1"}, id="boolean as number"),
        pytest.param("dev", "", "", {"CARGO_PROFILE_RELEASE_LTO_LTO": "true"}, id="env-dash"),
        pytest.param("dev", "", "", {"CARGO_PROFILE_BENCH_STRIP_LTO": "true"}, id="env-dash of bench"),
        pytest.param("release", "", "", {"CARGO_PROFILE_RELEASE_DEBUG_LTO": "true"}, id="env-dash of debug"),
        pytest.param("release", "[profile.release\n", "", {}, id="broken TOML"),
    ],
)
def test_what_cargo_refuses_is_refused(
    tmp_path: Path, name: str, manifest: str, config: str, env: dict[str, str]
) -> None:
    made = project(tmp_path, manifest, config, env)
    assert made.build(name).returncode != 0
    with pytest.raises(UsageError):
        made.resolved(name)


@pytest.mark.parametrize(
    ("name", "manifest", "inherits"),
    [
        pytest.param("release", "", None, id="no profile"),
        pytest.param("release", "[profile]\nrelease = { lto = true, codegen-units = 4 }\n", None, id="inline"),
        pytest.param("release", "[profile]\nrelease.lto = true\nrelease.codegen-units = 4\n", None, id="dotted"),
        pytest.param("release", "[profile.release]\r\nlto = true\r\npanic = 'abort'", None, id="CRLF"),
        pytest.param("release", "[profile.release]\nstrip = true\npackage.app.debug = 1\n", None, id="dotted override"),
        pytest.param("release", "[profile.release.package.app]\ndebug = 1\n", None, id="override alone"),
        pytest.param("dist", "[profile.release]\nlto = 'fat'\n", "release", id="a new profile"),
        pytest.param("dist", "profile.release.lto = true\n", "release", id="a new profile beside dotted keys"),
        pytest.param("dist", "profile = { release = { lto = true } }\n", "release", id="a new profile inline"),
        pytest.param(
            "dist", "[profile.release.package.app]\ndebug = 1\n", "release", id="a new profile that inherits a reset"
        ),
    ],
)
def test_the_profile_written_is_the_profile_built(
    tmp_path: Path, name: str, manifest: str, inherits: str | None
) -> None:
    wanted = Profile.parse("os-thin-cgu2-abort-symbols")
    made = project(tmp_path, "")
    # Dotted keys and inline tables of the root stand before the first header.
    old = f"{manifest}{PACKAGE}" if manifest.startswith("profile") else f"{PACKAGE}{manifest}"
    made.manifest.write_bytes(old.encode())
    new = set_profile(
        old,
        name=name,
        profile=wanted,
        effective=made.resolved(inherits or name),
        evidence="measured",
        artifact_package="app",
        create_inherits=inherits,
    )
    write_change(FileChange(path=made.manifest, old=old, new=new))
    assert made.seen(name) == wanted
