"""Calls that have to do with panics: which they are, and what each means under ``panic = "abort"``.

Each rule looks at one call and gives a kind, a verdict and a sentence, or None.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from tree_sitter import Node

from burnish.profile.panics.fate import Fate, fate
from burnish.profile.panics.names import Names
from burnish.profile.panics.syntax import Called, above, called, diverges, text_of
from burnish.profile.panics.values import THREAD_IGNORED, THREAD_KEPT, PanicKind, Verdict


@dataclass(frozen=True, kw_only=True, slots=True)
class Remark:
    """What a rule says of a piece of code."""

    kind: PanicKind
    verdict: Verdict
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Setting:
    """What the rules know of the file.

    Attributes:
        tasks: the crate depends on tokio, so that ``value.spawn(future)`` may make a task.
        pools: the crate depends on rayon.
        threads: the file speaks of threads, so that ``value.join()`` may wait for one.
    """

    names: Names
    tasks: bool = False
    pools: bool = False
    threads: bool = True


def remark_on(node: Node, setting: Setting) -> Remark | None:
    """What the rules say of a ``call_expression``; the first that speaks."""
    call = called(node, setting.names)
    if call is None:
        return None
    for rule in _RULES:
        found = rule(node, call, setting)
        if found is not None:
            return found
    return None


_CAUGHT: Final = {
    Fate.RAISED: (Verdict.SAFE, "catches a panic and panics again"),
    Fate.HANDLED: (Verdict.UNSAFE, "catches a panic and goes on: with abort the process ends here"),
    Fate.IGNORED: (Verdict.UNSAFE, "catches a panic and passes over it: with abort the process ends here"),
    Fate.ELSEWHERE: (Verdict.UNKNOWN, "catches a panic and hands it on: whether somebody goes on is not seen here"),
}


def _catch(node: Node, call: Called, setting: Setting) -> Remark | None:
    """``catch_unwind(f)`` by any name, and ``future.catch_unwind()`` of FutureExt."""
    if call.name != "catch_unwind":
        return None
    if call.method and call.arguments:
        return None
    if len(call.path) == 1 and "catch_unwind" in setting.names.functions:
        # The file's own function of that name: what it does is found inside it.
        return None
    verdict, text = _CAUGHT[fate(node, setting.names)]
    return Remark(kind=PanicKind.CATCH_UNWIND, verdict=verdict, text=text)


def _resume(_node: Node, call: Called, setting: Setting) -> Remark | None:
    """``resume_unwind(payload)``; a payload made on the spot starts an unwinding as control flow."""
    if call.name != "resume_unwind" or call.method:
        return None
    payload = called(call.arguments[0], setting.names) if call.arguments else None
    if payload is not None and payload.path[-2:] == ("Box", "new"):
        text = "unwinds on purpose, to be caught: with abort the process ends here"
        return Remark(kind=PanicKind.RESUME_UNWIND, verdict=Verdict.UNSAFE, text=text)
    text = "goes on with a panic that was caught"
    return Remark(kind=PanicKind.RESUME_UNWIND, verdict=Verdict.SAFE, text=text)


_JOINED: Final = {
    Fate.RAISED: (Verdict.SAFE, "a thread's panic is raised again"),
    Fate.HANDLED: (Verdict.UNSAFE, "goes on after a thread panicked: with abort the process has ended"),
    Fate.IGNORED: (Verdict.UNSAFE, "passes over the panic of a thread: with abort the process has ended"),
    Fate.ELSEWHERE: (Verdict.UNKNOWN, "hands on how a thread ended: whether somebody goes on is not seen here"),
}


def _join(node: Node, call: Called, setting: Setting) -> Remark | None:
    """``handle.join()``; paths and slices are joined with an argument."""
    if call.method != "join" or call.arguments or not setting.threads:
        return None
    parent = node.parent
    if parent is not None and parent.type == "expression_statement":
        # JoinHandle::join gives what must be used, so this is a thread pool's or a worker's own, which gives nothing.
        return None
    verdict, text = _JOINED[fate(node, setting.names)]
    return Remark(kind=PanicKind.JOIN, verdict=verdict, text=text)


def _thread(node: Node, call: Called, setting: Setting) -> Remark | None:
    """``std::thread::spawn(f)`` and ``thread::Builder::new()….spawn(f)``."""
    builder = call.method == "spawn" and call.receiver is not None and _is_builder(call.receiver, setting.names)
    if call.path[-2:] != ("thread", "spawn") and not builder:
        return None
    handle = _past_unwrapping(node, setting.names) if builder else node
    if fate(handle, setting.names) is Fate.IGNORED:
        return Remark(kind=PanicKind.THREAD, verdict=Verdict.UNKNOWN, text=THREAD_IGNORED)
    return Remark(kind=PanicKind.THREAD, verdict=Verdict.SAFE, text=THREAD_KEPT)


_UNWRAPPING: Final = frozenset({"unwrap", "expect", "unwrap_or_else", "map_err", "ok"})


def _is_builder(receiver: Node, names: Names) -> bool:
    at: Node | None = receiver
    for _ in range(20):
        call = None if at is None else called(at, names)
        if call is None:
            return at is not None and at.type == "identifier" and names.mentions("std", "thread", "Builder")
        if call.path:
            return call.path[-3:] == ("thread", "Builder", "new")
        at = call.receiver
    return False


def _past_unwrapping(node: Node, names: Names) -> Node:
    """Past the ``io::Result`` around a handle: ``.unwrap()``, ``.map_err(…)?`` and the like."""
    found = node
    for parent in above(node):
        if parent.type == "try_expression":
            found = parent
        elif parent.type == "call_expression":
            call = called(parent, names)
            if call is None or call.method not in _UNWRAPPING:
                return found
            found = parent
        elif parent.type != "field_expression":
            return found
    return found


_TASK: Final = {
    Fate.RAISED: (Verdict.SAFE, "a task's panic is raised again"),
    Fate.HANDLED: (Verdict.UNSAFE, "goes on after a task panicked: with abort the process ends"),
    Fate.IGNORED: (Verdict.UNSAFE, "a panic in this task ends the task alone: with abort the process ends"),
    Fate.ELSEWHERE: (Verdict.UNKNOWN, "a panic in this task ends the task alone: with abort the process ends"),
}
_RUNTIMES: Final = frozenset({"tokio", "tokio_util", "actix_rt"})
_SPAWNS: Final = frozenset({"spawn", "spawn_blocking", "spawn_local", "spawn_on", "spawn_local_on", "spawn_pinned"})


def _task(node: Node, call: Called, setting: Setting) -> Remark | None:
    """``tokio::spawn(future)`` and its sisters; as methods only where the crate depends on tokio."""
    if call.name not in _SPAWNS or not call.arguments:
        return None
    if call.path and call.path[0] in _RUNTIMES:
        verdict, text = _TASK[_task_fate(node, setting.names)]
        return Remark(kind=PanicKind.TASK, verdict=verdict, text=text)
    if not call.method or not setting.tasks:
        return None
    if call.method == "spawn" and call.arguments[0].type == "closure_expression":
        # Of a thread scope or a pool: tasks are made of futures.
        return None
    _, text = _TASK[Fate.ELSEWHERE]
    return Remark(kind=PanicKind.TASK, verdict=Verdict.UNKNOWN, text=text)


def _task_fate(node: Node, names: Names) -> Fate:
    """A handle that is kept and never awaited in sight goes elsewhere."""
    found = fate(node, names)
    return found if found is not Fate.IGNORED or _thrown_away(node) else Fate.ELSEWHERE


def _thrown_away(node: Node) -> bool:
    parent = node.parent
    if parent is None or parent.type == "expression_statement":
        return True
    return parent.type == "let_declaration" and text_of(parent.child_by_field_name("pattern")).startswith("_")


def _task_error(node: Node, call: Called, setting: Setting) -> Remark | None:
    """``error.is_panic()`` and ``error.into_panic()`` of tokio's JoinError."""
    if call.arguments or call.method not in {"is_panic", "into_panic", "try_into_panic"}:
        return None
    around = node.parent
    if around is not None and around.type == "arguments" and around.parent is not None:
        outer = called(around.parent, setting.names)
        if outer is not None and outer.name == "resume_unwind":
            return Remark(kind=PanicKind.TASK, verdict=Verdict.SAFE, text="a task's panic is raised again")
    branch = around
    if around is not None and around.type == "match_pattern":
        branch = around.parent
    code = None if branch is None else branch.child_by_field_name("value" if branch is not around else "consequence")
    if diverges(code, setting.names):
        return Remark(kind=PanicKind.TASK, verdict=Verdict.SAFE, text="a task's panic is raised again")
    text = "asks whether a task panicked, and goes on: with abort the process has ended"
    return Remark(kind=PanicKind.TASK, verdict=Verdict.UNSAFE, text=text)


def _scope(node: Node, call: Called, setting: Setting) -> Remark | None:
    """``crossbeam::scope(f)`` gives the panics of its threads as an error; std's scope panics by itself."""
    if call.path[-1:] != ("scope",) or call.path[0] not in {"crossbeam", "crossbeam_utils"}:
        return None
    verdict, text = _JOINED[fate(node, setting.names)]
    return Remark(kind=PanicKind.JOIN, verdict=verdict, text=text)


def _child(_node: Node, call: Called, setting: Setting) -> Remark | None:
    """``command.kill_on_drop(true)`` of tokio."""
    if not setting.tasks or call.method != "kill_on_drop" or text_of(next(iter(call.arguments), None)) == "false":
        return None
    text = "ends a child process when dropped: after a panic with abort it stays"
    return Remark(kind=PanicKind.DROP, verdict=Verdict.UNSAFE, text=text)


def _pool(_node: Node, call: Called, setting: Setting) -> Remark | None:
    """``ThreadPoolBuilder::panic_handler``: rayon's workers go on after a panic."""
    if not setting.pools or call.method != "panic_handler" or len(call.arguments) != 1:
        return None
    text = "rayon goes on after a panic of a spawned job: with abort the process ends"
    return Remark(kind=PanicKind.TASK, verdict=Verdict.UNSAFE, text=text)


_LOCKS: Final = frozenset({"lock", "read", "write", "wait", "wait_while", "wait_timeout", "into_inner", "get_mut"})
#: A lock is poisoned only where something outlives the panic of its holder, and that is a finding of its own.
_POISON: Final = Remark(
    kind=PanicKind.POISON,
    verdict=Verdict.SAFE,
    text="a lock whose holder panicked: of importance only where something else here outlives a panic",
)


def _poison(_node: Node, call: Called, setting: Setting) -> Remark | None:
    """``is_poisoned``, ``clear_poison``, and ``lock().unwrap_or_else(PoisonError::into_inner)``."""
    if call.method in {"is_poisoned", "clear_poison"} and not call.arguments:
        return _POISON
    if call.method != "unwrap_or_else" or len(call.arguments) != 1 or call.receiver is None:
        return None
    taken = called(call.receiver, setting.names)
    if taken is None or taken.method not in _LOCKS or "into_inner" not in text_of(call.arguments[0]):
        return None
    return _POISON


def _panicking(node: Node, call: Called, _setting: Setting) -> Remark | None:
    """``std::thread::panicking()``: true only while a thread unwinds, which has no one to see it with abort."""
    if call.path[-2:] != ("thread", "panicking") and call.path != ("panicking",):
        return None
    around = node.parent
    if around is not None and around.type in {"block", "return_expression"}:
        text = "tells others that a thread unwinds: with abort that never happens"
        return Remark(kind=PanicKind.PANICKING, verdict=Verdict.UNKNOWN, text=text)
    text = "tells a panic from an ordinary end, in a process that abort has ended"
    return Remark(kind=PanicKind.PANICKING, verdict=Verdict.SAFE, text=text)


ON_UNWIND: Final = Remark(
    kind=PanicKind.PANICKING,
    verdict=Verdict.UNSAFE,
    text="code that runs when a panic unwinds: with abort it never does",
)


def _on_unwind(_node: Node, call: Called, _setting: Setting) -> Remark | None:
    """``scopeguard::guard_on_unwind(value, f)``; the macro ``defer_on_unwind!`` is seen in the walk."""
    return ON_UNWIND if call.name == "guard_on_unwind" and len(call.arguments) == 2 else None


_HOOKS: Final = frozenset({"set_hook", "take_hook", "update_hook"})


def _hook(_node: Node, call: Called, _setting: Setting) -> Remark | None:
    """``std::panic::set_hook``: the hook runs before the process is aborted, too."""
    if call.name in _HOOKS and "panic" in call.path[:-1]:
        text = "the hook runs with abort as well, before the process ends"
        return Remark(kind=PanicKind.HOOK, verdict=Verdict.SAFE, text=text)
    if call.path[-2:] == ("panic", "always_abort"):
        text = "panics abort from here on, whatever the profile says"
        return Remark(kind=PanicKind.HOOK, verdict=Verdict.SAFE, text=text)
    return None


_RULES: Final[tuple[Callable[[Node, Called, Setting], Remark | None], ...]] = (
    _catch, _resume, _join, _scope, _thread, _task, _task_error, _pool, _child, _poison, _panicking, _on_unwind, _hook,
)  # fmt: skip
