"""A picture in short, as a tune's result keeps it."""

from small_pictures import picture

from burnish.profile.profile import Profile
from burnish.tune.result import Crossing, InlinedFunction
from burnish.xray.summary import summary

PROFILE = Profile.parse("o3-thin-cgu16-unwind-none")


def test_the_link_made_by_hand_in_short() -> None:
    found = summary(picture("dep::large"), "recommended", PROFILE)
    assert (found.name, found.profile, found.modules, found.crates, found.units) == ("recommended", PROFILE, 2, 2, 2)
    assert (found.calls, found.standard_calls, found.imports) == (1, 0, 1)
    assert (found.functions, found.left) == (4, 2)
    assert {each.way: each.functions for each in found.losses} == {"dead": 1, "inlined": 1, "optimized away": 0}
    assert {each.size for each in found.losses} == {None}
    assert found.crossings == (Crossing(source="dep", target="app", calls=1, imports=1),)
    assert found.inlined == (InlinedFunction(name="dep::small", crates=("app",), calls=1),)


def test_a_program_that_nobody_recorded_says_why() -> None:
    found = summary(picture("why", link=False), "baseline", PROFILE)
    assert (found.modules, found.missing) == (0, ("why",))
