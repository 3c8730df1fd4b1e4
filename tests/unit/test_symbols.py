import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burnish.build.symbols import FOREIGN, UNKNOWN, crate_of, instantiating_crate

# Taken with nm from programs that rustc 1.95 linked: fd 10.5.0, hyperfine, cargo, and one with a trait for odd types.
LEGACY = [
    ("core", "_ZN4core9panicking13assert_failed17h2df93538aa5d5c09E"),
    ("core",
     ("_ZN4core3ptr75drop_in_place$LT$alloc..boxed..Box$LT$regex_syntax..ast..Repetitio"
     "n$GT$$GT$17hb3d92bc16c2434f6E")),
    ("core", "_ZN42_$LT$$RF$T$u20$as$u20$core..fmt..Debug$GT$3fmt17hf6513f98eeefb7deE"),
    ("core", "_ZN36_$LT$T$u20$as$u20$core..any..Any$GT$7type_id17h8e73b7508764d683E"),
    ("core",
     ("_ZN102_$LT$core..iter..adapters..map..Map$LT$I$C$F$GT$$u20$as$u20$core..iter..tr"
     "aits..iterator..Iterator$GT$4next17h12b5e5dcd9631c48E")),
    ("alloc", "_ZN5alloc7raw_vec20RawVecInner$LT$A$GT$7reserve21do_reserve_and_handle17h8241e525dc15cbc0E"),
    ("alloc", "_ZN65_$LT$alloc..vec..Vec$LT$T$C$A$GT$$u20$as$u20$core..fmt..Debug$GT$3fmt17h6d25d748e0d507adE"),
    ("alloc", "_ZN62_$LT$T$u20$as$u20$alloc..vec..spec_from_elem..SpecFromElem$GT$9from_elem17h048cd7996cb29e8cE"),
    ("std",
     ("_ZN67_$LT$std..ffi..os_str..OsStr$u20$as$u20$clap_lex..ext..OsStrExt$GT$12strip_"
     "prefix17hbae6ee21a6a0b1baE")),
    ("once_cell", "_ZN9once_cell3imp18initialize_or_wait17h747c8e0d5c57a2eeE"),
    ("once_cell", "_ZN63_$LT$once_cell..imp..Guard$u20$as$u20$core..ops..drop..Drop$GT$4drop17h961956f807101d11E"),
    ("clap_builder",
     ("_ZN73_$LT$P$u20$as$u20$clap_builder..builder..value_parser..AnyValueParser$GT$7t"
     "ype_id17h9f57ff8ec54cddb3E")),
    ("jiff",
     ("_ZN69_$LT$jiff..util..b..BoundsError$u20$as$u20$jiff..error..IntoError$GT$10into"
     "_error17h230f583957c9520aE")),
    ("fd",
     ("_ZN77_$LT$fd..walk..Batch$u20$as$u20$core..iter..traits..collect..IntoIterator$G"
     "T$9into_iter17h2b2b18edbfecb44aE")),
    ("colored", "_ZN45_$LT$$RF$str$u20$as$u20$colored..Colorize$GT$6dimmed17h781d985a2261be4bE"),
    ("sizer", "_ZN49_$LT$$BP$const$u20$u8$u20$as$u20$sizer..Shape$GT$4area17hd05d5728981e37ccE"),
    ("sizer", "_ZN35_$LT$u8$u20$as$u20$sizer..Shape$GT$4area17h978dbda0c00734a3E"),
    ("crossbeam_epoch", "_ZN15crossbeam_epoch8deferred8Deferred5NO_OP10no_op_call17hac5381ce61bb26e7E"),
    ("rand_chacha", "_ZN11rand_chacha4guts11init_chacha8impl_avx17hdff0775f5839e22bE.llvm.689004369879606897"),
]  # fmt: skip
V0 = [
    ("core", "_RNvMsa_NtCsgEmfK2I1SDS_4core3fmtNtB5_9Formatter9write_str"),
    ("core", "_RINvNtNtCsgEmfK2I1SDS_4core3fmt5float29float_to_decimal_common_exactfEB6_"),
    ("core", "_RNvXs_NtNtCsgEmfK2I1SDS_4core3ops5rangeINtB4_5RangejENtNtB8_3fmt5Debug3fmtB8_"),
    ("core", "_RNvYNtNtNtCsgEmfK2I1SDS_4core3fmt8builders10PadAdapterNtB6_5Write9write_fmtB8_"),
    ("core", "_RNCNvNvXsa_NtCsgEmfK2I1SDS_4core4timeNtB9_8DurationNtNtBb_3fmt5Debug3fmt11fmt_decimals_0Bb_"),
    ("core", "_RNvXs1g_NtCsgEmfK2I1SDS_4core3fmtRhNtB6_5Debug3fmtCsgY6Mt91CT9J_14rustc_demangle"),
    ("core",
     ("_RINvNtCsgEmfK2I1SDS_4core3ptr13drop_in_placeINtNtB4_6result6ResultuNtNtNtCsjrHS"
     "EGnQ3l9_3std2io5error5ErrorEEB19_.llvm.3643936799275306673")),
    ("alloc", "_RNvMs4_NtCslNYArtu3iFV_5alloc7raw_vecNtB5_11RawVecInner11finish_growCsduwmD7cSIQq_5gimli"),
    ("alloc", "_RNvMsD_NtNtCslNYArtu3iFV_5alloc3ffi5c_strNtNtNtCsgEmfK2I1SDS_4core3ffi5c_str4CStr15to_string_lossy"),
    ("alloc", "_RNvXs_NvMs_NtNtCslNYArtu3iFV_5alloc3ffi5c_strNtB9_7CString3newRShNtB4_11SpecNewImpl13spec_new_impl"),
    ("alloc", "_RNvXs1_CseX1V7t4aMfQ_5sizerINtNtCslNYArtu3iFV_5alloc3vec3VecyENtB5_5Shape4areaB5_"),
    ("std", "_RNvXss_NtNtCsjrHSEGnQ3l9_3std2io5stdioNtB5_10StderrLockNtB7_5Write9write_all"),
    ("std",
     ("_RNvYNCNvNtNtNtNtCsjrHSEGnQ3l9_3std3sys6thread4unix7cgroups8quota_v1s_0INtNtNtCs"
     "gEmfK2I1SDS_4core3ops8function6FnOnceTRNtNtBe_4path4PathEE9call_onceBe_")),
    ("std",
     ("_RNSNvYNCNvNtNtNtCsjrHSEGnQ3l9_3std3sys11personality3gcc14find_eh_action0INtNtNt"
     "CsgEmfK2I1SDS_4core3ops8function6FnOnceuE9call_once6vtableBe_")),
    ("std", "_RNCNCNCNvNtCsjrHSEGnQ3l9_3std2rt19lang_start_internal00s_0B9_"),
    ("std", "_RNvXs8_NtNtCsjrHSEGnQ3l9_3std2io5implsQShNtB7_5Write5write"),
    ("rustc_demangle", "_RNvCsgY6Mt91CT9J_14rustc_demangle12try_demangle"),
    ("__rustc", "_RNvCsfLfy6EI15iL_7___rustc12___rust_alloc"),
    ("sizer", "_RNvXCseX1V7t4aMfQ_5sizerhNtB2_5Shape4area"),
    ("sizer", "_RNvXs0_CseX1V7t4aMfQ_5sizerTmNtNtCslNYArtu3iFV_5alloc6string6StringENtB5_5Shape4area"),
    ("sizer", "_RNvXs2_CseX1V7t4aMfQ_5sizerAhj3_NtB5_5Shape4areaB5_"),
    ("core", "_RNvXs3_CseX1V7t4aMfQ_5sizerDNtNtCsgEmfK2I1SDS_4core3fmt5DebugEL_NtB5_5Shape4area"),
    ("sizer", "_RNvXs4_CseX1V7t4aMfQ_5sizerFG_RL0_lEbNtB5_5Shape4area"),
    ("sizer", "_RNvXs6_CseX1V7t4aMfQ_5sizerINtB5_1PKj7_ENtB5_5Shape4areaB5_"),
    ("sizer", "_RNvYFG_RL0_lEbNtCseX1V7t4aMfQ_5sizer5Shape4nameBe_"),
]  # fmt: skip
OTHERS = [
    (FOREIGN, "main"),
    (FOREIGN, "rust_eh_personality"),
    (FOREIGN, "_ZN5boost6system14error_categoryD1Ev"),
    (FOREIGN, "_ZSt9terminatev"),
    (UNKNOWN, ""),
    (UNKNOWN, "_R"),
    (UNKNOWN, "_RNvCs"),
    (UNKNOWN, "_RNvB1_4loop"),
    (UNKNOWN, "_RNvXs_"),
]


@pytest.mark.parametrize(("crate", "mangled"), [*LEGACY, *V0, *OTHERS])
def test_a_symbol_belongs_to_the_crate_of_its_leading_path(crate: str, mangled: str) -> None:
    assert crate_of(mangled) == crate


@pytest.mark.parametrize(
    ("crate", "mangled"),
    [
        pytest.param("gimli", V0[7][1], id="named-at-the-end"),
        pytest.param("std", V0[6][1], id="named-by-a-back-reference"),
        pytest.param("rustc_demangle", V0[16][1], id="not-generic"),
        pytest.param("once_cell", LEGACY[9][1], id="legacy-does-not-say"),
    ],
)
def test_the_crate_that_had_a_generic_compiled_is_told_where_the_name_has_it(crate: str, mangled: str) -> None:
    assert instantiating_crate(mangled) == crate


def test_names_in_other_scripts_are_read_from_punycode() -> None:
    assert crate_of("_RNvXs_Cs1_u9Gre_6ka8ihNtB4_5Shape4area") == "Größe"


def test_a_name_nested_beyond_reason_is_unknown_and_not_an_error() -> None:
    assert crate_of("_RNvXs_" + "S" * 50_000) == UNKNOWN
    assert crate_of("_RNvX" + "NtX" * 5_000) == UNKNOWN


def test_back_references_that_never_end_are_unknown() -> None:
    assert crate_of("_RNvYB1_4self") == UNKNOWN  # a type that refers to itself


@given(st.sampled_from([*LEGACY, *V0]).flatmap(lambda name: st.integers(0, len(name[1])).map(lambda n: name[1][:n])))
def test_a_name_cut_short_never_fails(mangled: str) -> None:
    assert crate_of(mangled)
    assert instantiating_crate(mangled)


@given(st.text(alphabet="_RNCXMYIBTFDKELsu019vt.$", max_size=40))
def test_no_text_makes_the_reader_fail(text: str) -> None:
    assert crate_of("_R" + text)


_NAMES = st.text(alphabet=string.ascii_lowercase, min_size=1, max_size=12)
_DISAMBIGUATORS = st.sampled_from(["", "s_", "s0_", "sjrHSEGnQ3l9_"])


def _identifier(name: str) -> str:
    return f"{len(name)}{name}"


_ROOTS = st.builds(lambda mark, name: ("C" + mark + _identifier(name), name), _DISAMBIGUATORS, _NAMES)
_TYPES = st.sampled_from(["h", "e", "RL_h", "TmbE", "Ahj3_", "FUKChEu", "FEu", "DEL_", "PSh"])


def _grown(paths: st.SearchStrategy[tuple[str, str]]) -> st.SearchStrategy[tuple[str, str]]:
    """Longer paths of the same leading crate, in the productions of the grammar."""
    return st.one_of(
        st.builds(
            lambda p, name, space: (f"N{space}{p[0]}{_identifier(name)}", p[1]), paths, _NAMES, st.sampled_from("tvCS")
        ),
        st.builds(lambda p, kind: (f"I{p[0]}{kind}E", p[1]), paths, _TYPES),
        st.builds(lambda p, mark, kind: (f"M{mark}{p[0]}{kind}", p[1]), paths, _DISAMBIGUATORS, _TYPES),
        st.builds(lambda at, p, q: (f"X{at[0]}{p[0]}{q[0]}", p[1]), paths, paths, paths),
        st.builds(lambda at, kind, q: (f"X{at[0]}{kind}{q[0]}", at[1]), paths, _TYPES, paths),
        st.builds(lambda p, q: (f"YR{p[0]}{q[0]}", p[1]), paths, paths),
        st.builds(lambda kind, q: (f"Y{kind}{q[0]}", q[1]), _TYPES, paths),
    )


_PATHS = st.recursive(_ROOTS, _grown, max_leaves=12)


@given(_PATHS, _ROOTS, st.sampled_from(["", ".llvm.123", "$suffix"]))
def test_any_path_of_the_grammar_gives_its_leading_and_its_instantiating_crate(
    path: tuple[str, str], instantiating: tuple[str, str], suffix: str
) -> None:
    assert crate_of("_R" + path[0] + suffix) == path[1]
    assert instantiating_crate("_R" + path[0] + instantiating[0] + suffix) == instantiating[1]
