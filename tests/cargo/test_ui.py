"""`burnish ui`: a real server beside a real tune, asked over HTTP; and looked at in a browser where there is one."""

import http.client
import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from test_bad_input import ENVIRONMENT, burnish
from test_tune import NARROW, looping

from screenshots import picture

pytest.importorskip("starlette", reason="the extra ui is not installed")
pytestmark = pytest.mark.cargo


class Served:
    """A project with its page."""

    def __init__(self, directory: Path, port: int) -> None:
        self.directory = directory
        self.port = port

    def get(self, path: str, *, method: str = "GET", host: str | None = None) -> tuple[int, dict[str, str], str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        headers = {"Host": host if host is not None else f"127.0.0.1:{self.port}"}
        connection.request(method, path, headers=headers)
        answer = connection.getresponse()
        found = answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read().decode()
        connection.close()
        return found

    def events(self, place: tuple[int, str] = (0, "")) -> tuple[list[dict[str, object]], tuple[int, str]]:
        code, _, body = self.get("/events?from={}&of={}".format(*place))
        assert code == 200
        found = json.loads(body)
        return found["events"], (found["next"], found["of"])


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    directory = looping(tmp_path_factory.mktemp("ui") / "project")
    child = subprocess.Popen(
        [sys.executable, "-m", "burnish", "ui"], cwd=directory, env=ENVIRONMENT, stderr=subprocess.PIPE, text=True
    )
    assert child.stderr is not None
    address = child.stderr.readline().split()[0]
    yield Served(directory, int(address.rsplit(":", 1)[1].strip("/")))
    child.send_signal(signal.SIGINT)
    assert child.wait(timeout=20) in {0, 130}
    child.stderr.close()


def test_before_any_tune_it_says_so(served: Served) -> None:
    code, headers, body = served.get("/")
    assert code == 200
    assert "none yet: burnish tune makes one" in body
    assert "default-src 'none'" in headers["content-security-policy"]
    assert headers["x-frame-options"] == "DENY"
    assert served.events() == ([], (0, ""))
    assert served.get("/results/1")[0] == 404


@pytest.mark.parametrize(
    ("path", "method", "host", "code"),
    [
        pytest.param("/", "GET", "evil.example", 400, id="another host"),
        pytest.param("/events", "GET", "evil.example:80", 400, id="another host and port"),
        pytest.param("/", "GET", "localhost", 200, id="localhost"),
        pytest.param("/", "POST", None, 405, id="no posts"),
        pytest.param("/events?from=-1", "GET", None, 400, id="a number that is none"),
        pytest.param("/results/../../etc/passwd", "GET", None, 404, id="no paths"),
        pytest.param("/events?from=" + "9" * 5000, "GET", None, 400, id="a number without end"),
        pytest.param("/results/99999999999999999999", "GET", None, 404, id="a number of no result"),
        pytest.param("/results/x", "GET", None, 404, id="no names"),
    ],
)
def test_it_serves_this_machine_and_reads_alone(
    served: Served, path: str, method: str, host: str | None, code: int
) -> None:
    assert served.get(path, method=method, host=host)[0] == code


def test_it_listens_on_the_loopback_alone(served: Served) -> None:
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    here = [line[1] for line in lines if line[1].endswith(f":{served.port:04X}") and line[3] == "0A"]
    assert here == [f"0100007F:{served.port:04X}"]


def tune(served: Served, *args: str) -> "subprocess.Popen[bytes]":
    """A tune that has begun: the events are its own."""
    before = served.events()[0][:1]
    # Whoever runs the tests in the background of a shell has SIGINT ignored, and so would the tune.
    child = subprocess.Popen(
        ["env", "--default-signal=INT", sys.executable, "-m", "burnish", "tune", *args, *NARROW],
        cwd=served.directory, env=ENVIRONMENT,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    while served.events()[0][:1] in ([], before):
        assert child.poll() is None
        time.sleep(0.05)
    return child


def test_a_tune_that_fails_says_why(served: Served) -> None:
    assert tune(served, "--run", "sh -c 'exit 3' {bin}").wait(timeout=300) == 4
    last = served.events()[0][-1]
    assert last["event"] == "failed"
    assert "exit code 3" in str(last["reason"])


def test_a_tune_that_is_interrupted_says_so(served: Served) -> None:
    child = tune(served, "--fresh")
    while not any(each["event"] == "building" for each in served.events()[0]):
        assert child.poll() is None
        time.sleep(0.05)
    child.send_signal(signal.SIGINT)
    assert child.wait(timeout=60) == 130
    last = served.events()[0][-1]
    assert (last["event"], str(last["reason"]).partition(";")[0]) == ("failed", "interrupted")


def test_a_file_that_was_begun_anew_is_read_from_its_start(served: Served) -> None:
    events, (offset, of) = served.events()
    assert (served.events((offset, of))[0], served.events((offset, "another"))[0]) == ([], events)


def test_a_line_that_is_no_event_is_left_out(served: Served) -> None:
    before, _ = served.events()
    with (served.directory / "target" / "burnish" / "events.jsonl").open("a") as file:
        file.write('{"event": "no\n')
    assert served.events()[0] == before


def test_a_tune_is_followed_to_its_report(served: Served) -> None:
    child = tune(served, "--goal", "size", "--fresh")
    seen: list[dict[str, object]] = []
    place, looks = (0, ""), 0
    while child.poll() is None or place == (0, ""):
        events, place = served.events(place)
        seen += events
        looks += bool(events)
        time.sleep(0.1)
    seen += served.events(place)[0]
    assert child.returncode == 0
    kinds = [str(each["event"]) for each in seen]
    assert (kinds[0], kinds[-1]) == ("began", "ended")
    assert kinds.count("building") >= 3
    assert looks > 1  # while it ran, not only at its end
    number = seen[-1]["result"]
    assert f'href="/results/{number}"' in served.get("/")[2]
    code, _, report = served.get(f"/results/{number}")
    assert code == 200
    assert str(seen[-1]["headline"]).partition(":")[0].replace("[", "").split()[0] in report
    assert "window.vegaEmbed" in report


def test_the_page_in_a_browser_shows_the_end(served: Served) -> None:
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("there is no Chromium")
    if not served.events()[0]:
        assert burnish(served.directory, "tune", "--goal", "size", *NARROW).code == 0
    said: list[str] = []

    def look() -> None:
        with playwright.sync_playwright() as started:
            browser = started.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
            page = browser.new_page()
            page.on("console", lambda message: said.append(message.text))
            page.goto(f"http://127.0.0.1:{served.port}/")
            page.locator("#state", has_text="Change ").wait_for()
            assert page.locator("#events li").count() > 3
            page.screenshot(path=picture("ui"))
            page.click("a[href^='/results/']")
            page.wait_for_function("[...document.querySelectorAll('.drawing')].every(place => place.dataset.drawn)")
            page.goto(f"http://127.0.0.1:{served.port}/")
            with (served.directory / "target" / "burnish" / "events.jsonl").open("a") as file:
                file.write('{"at": "today", "event": "failed", "reason": "<b>it</b>"}\n')
            page.get_by_text("ended without a result: <b>it</b>").wait_for()
            browser.close()

    # In a thread of its own: Playwright takes no thread in which another of its loops ever ran.
    with ThreadPoolExecutor(1) as threads:
        threads.submit(look).result(timeout=120)
    assert said == []


def test_without_the_extra_it_says_what_to_install(served: Served) -> None:
    program = (
        "import sys\nsys.modules['uvicorn'] = None\nsys.argv = ['burnish', 'ui']\n"
        "from burnish.cli import main\nsys.exit(main())"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=served.directory,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 3
    assert "pip install 'burnish[ui]'" in done.stderr
