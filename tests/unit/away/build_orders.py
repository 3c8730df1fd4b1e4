"""An order for a build elsewhere, and a build that answers it."""

from burnish.build.away.order import VERSION, Names, Order
from burnish.build.plan import Given
from burnish.build.values import Build, BuildCost, CrateRun, Road
from burnish.cargo.project import Selection
from burnish.digests import digest_of
from burnish.profile.profile import Profile

PROFILE = Profile.parse("o3-fat-cgu16-unwind-debuginfo")
ORDER = Order(
    version=VERSION, burnish="0", rustc="rustc 1.95.0\n", project=digest_of(b"project"), parts=(digest_of(b"part"),),
    start="work", manifest="work/app/Cargo.toml", selection=Selection(bin="app", features=("one", "dep/two")),
    given=Given(profile_name="release", strip_overrides=("app@1.0.0",)), profile=PROFILE, configuration="",
    environment={"RUSTFLAGS": "-Cdebuginfo=1"}, names=Names(sources="/s", cargo_home="/c", target="/t"), limit=60.0,
)  # fmt: skip
RUN = CrateRun(crate="app", package="app", began=0.0, wall=1.0, user=1.0, sys=0.0, maxrss=1, nivcsw=0, code=0, args=())
COST = BuildCost(cpu=1.0, wall=1.0, peak_memory=1, rebuild=1.0, estimated=True)
BUILD = Build(profile=PROFILE, road=Road.SHARED, artifacts={}, cost=COST, crates=(RUN,))
