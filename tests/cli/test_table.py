"""Tables: what is shown at each width, and columns that stand below one another."""

from __future__ import annotations

import json
import re

import pytest

from comenq_core.cli.table import WIDE, Column, Table
from comenq_core.cli.text_width import fit, fit_middle, width
from comenq_core.client import Client
from comenq_core.model import Done, Unconfirmed
from tests.cli.command import environment
from tests.cli.conftest import Comenq
from tests.cli.terminal import on_terminal
from tests.socket.attempts import ATTEMPT
from tests.socket.serving import Served

REPO = "a-repository-whose-name-is-long"
BODIES = (
    "A comment that is rather long, so that it has to be cut on most terminals",
    "\N{CJK UNIFIED IDEOGRAPH-65E5}\N{CJK UNIFIED IDEOGRAPH-672C}" * 12,
    "e\N{COMBINING ACUTE ACCENT}t" * 9,
    "\N{HEBREW LETTER SHIN}\N{HEBREW LETTER LAMED}\N{HEBREW LETTER VAV}",
    "\x1b[2Jcleared \x9b7\N{RIGHT-TO-LEFT OVERRIDE} \N{ZERO WIDTH SPACE}\ttab",
)
TIME = re.compile(r"  (now|\d+ (s|min|h)|.+ \(in \d+ (s|min|h)\))$")
URL = f"https://github.com/octo-org/{REPO}/pull/12345#issuecomment-1000001"


@pytest.fixture
def ids(served: Served) -> list[str]:
    """The ids of jobs whose comments are written in many ways."""
    target = {"owner": "octo-org", "repo": REPO, "pr_number": 12345}
    with Client(str(served.path)) as client:
        replies = client.ask_many({**target, "body": body} for body in BODIES)
        return [reply["entry"]["id"] for reply in replies]


def _shown(served: Served, *words: str, columns: int, **variables: str) -> list[str]:
    """The lines on a terminal of so many columns; a wrapped line is two."""
    env = environment(served.path, NO_COLOR="1", **variables)
    with on_terminal(*words, env=env, columns=columns) as session:
        assert session.end() == 0
    return [line for line in session.picture(columns) if line]


@pytest.mark.parametrize("columns", [40, 80, 200])
@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "Etc/GMT+12"])
def test_list_keeps_id_state_and_time(
    served: Served, ids: list[str], columns: int, zone: str
) -> None:
    """At every width and in every zone a line is a job, with its id, number, state and time."""
    head, *jobs = _shown(served, "list", columns=columns, TZ=zone)
    assert head.startswith("ID  ")
    assert head.endswith("WHEN")
    assert len(jobs) == len(ids)
    for job_id, line in zip(ids, jobs, strict=True):
        assert line.startswith(f"{job_id}  o")
        assert "#12345  " in line
        assert "  waiting  " in line
        assert TIME.search(line)


@pytest.mark.parametrize("columns", [40, 80])
def test_unconfirmed_job_keeps_its_state(served: Served, ids: list[str], columns: int) -> None:
    """The longest state is not cut either."""
    job = served.store.claim("bot")
    assert job is not None
    served.store.settle(job, Unconfirmed(reason="why"), ATTEMPT)
    head, first, second, *_ = _shown(served, "list", columns=columns)
    assert "  unconfirmed" in first
    assert TIME.search(second)
    assert head.endswith("  WHEN")


def test_columns_stand_below_one_another(served: Served, ids: list[str]) -> None:
    """Wide, combining and joined characters, and those that are escaped, take what they take."""
    env = environment(served.path, NO_COLOR="1")
    with on_terminal("list", env=env, columns=120) as session:
        session.end()
    head, *cells = session.cells(120)
    begin = head.index("STATE")
    assert [line[begin : begin + len("waiting")] for line in cells[: len(ids)]] == [
        "waiting"
    ] * len(ids)


def test_nothing_controls_the_terminal(served: Served, ids: list[str], comenq: Comenq) -> None:
    """Control, format and override characters are shown as their escapes."""
    shown = comenq("list", "--wide").stdout
    assert r"\x1b[2Jcleared \x9b7\u202e \u200b\ttab" in shown
    assert not set(shown) & {"\x1b", "\x9b", "\t", "\u202e", "\u200b"}


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_history_never_cuts_a_url(served: Served, ids: list[str], columns: int) -> None:
    """Where a URL has no room beside its job it follows below, whole."""
    job = served.store.claim("bot")
    assert job is not None
    served.store.settle(job, Done(url=URL, comment_id=1), ATTEMPT)
    lines = _shown(served, "hist", columns=columns)
    assert f"  {ids[0]}  " in lines[1]
    assert "  posted" in lines[1]
    assert URL in "".join(lines[1:])
    assert ("  A comment" in lines[1]) == (columns >= 80)


def test_comment_is_cut_in_a_pipe_unless_wide(comenq: Comenq, ids: list[str]) -> None:
    """A pipe gets whole targets and the beginning of a comment; --wide gives all of it."""
    cut, wide = comenq("list").stdout.splitlines()[1], comenq("list", "--wide").stdout
    assert f"octo-org/{REPO}#12345  {BODIES[0][:59]}…  waiting" in cut
    assert f"  {BODIES[0]}  waiting" in wide


def test_wide_cuts_nothing_on_a_terminal(served: Served, ids: list[str]) -> None:
    """With --wide, lines may be longer than the terminal is wide."""
    env = environment(served.path)
    with on_terminal("list", "--wide", env=env, columns=40) as session:
        session.end()
    assert f"octo-org/{REPO}#12345  {BODIES[0]}  waiting" in session.seen


def test_columns_variable_counts(served: Served, ids: list[str], comenq: Comenq) -> None:
    """COLUMNS is the width of a line, in a pipe and on a terminal."""
    env = environment(served.path, COLUMNS="40", NO_COLOR="1")
    with on_terminal("list", env=env, columns=200) as session:
        session.end()
    for shown in (session.seen, comenq("list", env=env).stdout):
        assert len(shown.splitlines()) == len(ids) + 1
        assert max(map(width, shown.splitlines())) <= 40
        assert all(map(TIME.search, shown.splitlines()[1:]))


@pytest.mark.parametrize("variables", [{"LC_ALL": "C"}, {"PYTHONIOENCODING": "latin-1"}])
def test_other_encodings_keep_the_columns(
    served: Served, ids: list[str], comenq: Comenq, variables: dict[str, str]
) -> None:
    """What the encoding lacks is measured as the escape that it is shown as."""
    env = environment(served.path, COLUMNS="80", **variables)
    lines = comenq("list", env=env).stdout.splitlines()
    assert len(lines) == len(ids) + 1
    assert max(map(width, lines)) <= 80
    assert all(map(TIME.search, lines[1:]))


def test_jobs_of_one_pull_request_are_listed(comenq: Comenq) -> None:
    """--pr takes a number, of any repository, or names the repository too; so does hist."""
    for target in ("octo-org/site#7", "octo-org/site#8", "octo-org/docs#7"):
        comenq(target, "text")

    def targets(*words: str) -> list[str]:
        lines = comenq("list", "--json", *words).stdout.splitlines()
        return [f"{job['repo']}#{job['pr_number']}" for job in map(json.loads, lines)]

    assert targets("--pr", "7") == targets("--pr", "#7") == ["site#7", "docs#7"]
    assert targets("--pr", "Octo-Org/site#7") == ["site#7"]
    assert targets("--pr", "https://github.com/octo-org/docs/pull/7") == ["docs#7"]
    assert targets("--pr", "7", "--repo", "octo-org/docs", "-n", "1") == ["docs#7"]
    assert comenq("list", "--pr", "octo-org/site#7", "--repo", "octo-org/docs").returncode == 2
    assert comenq("list", "--pr", "0").returncode == 2
    assert comenq("list", "--repo", "nonsense").returncode == 2
    assert "no queued job matches" in comenq("list", "--pr", "9").stderr


def test_history_of_a_repository_is_listed(comenq: Comenq, served: Served) -> None:
    """Hist --repo has the newest jobs of that repository, and -n counts only those."""
    for target in ("octo-org/site#7", "octo-org/site#8", "octo-org/docs#7"):
        comenq(target, "text")
        job = served.store.claim("bot")
        assert job is not None
        served.store.settle(job, Done(url=URL, comment_id=1), ATTEMPT)

    def targets(*words: str) -> list[str]:
        lines = comenq("hist", "--json", *words).stdout.splitlines()
        return [f"{job['repo']}#{job['pr_number']}" for job in map(json.loads, lines)]

    assert targets("--repo", "octo-org/SITE") == ["site#7", "site#8"]
    assert targets("--repo", "octo-org/site", "-n", "1") == ["site#8"]
    assert targets("--pr", "7", "-n", "1") == ["docs#7"]
    assert "no job that is over matches" in comenq("hist", "--repo", "a/b").stderr


@pytest.mark.parametrize("space", [1, 10, 25])
def test_table_fits_where_nothing_does(space: int) -> None:
    """On a terminal that is too narrow for anything, the last columns are cut."""
    table = Table((Column("ID"), Column("STATE")), ((0, 1),), {})
    lines = list(table.lines([["0123456789ab", "waiting"]], space))
    assert max(map(width, lines)) <= space


def test_table_without_a_limit_shows_everything() -> None:
    """A line as wide as it needs has every column of the best layout, whole."""
    table = Table((Column("ID"), Column("TEXT", least=2, most=3)), ((0, 1), (0,)), {})
    assert list(table.lines([["7", "long enough"]], WIDE)) == ["ID  TEXT", "7   long enough"]
    assert list(table.lines([["7", "long enough"]], None)) == ["ID  TE…", "7   lo…"]
    assert list(table.lines([["7", "long enough"]], 5)) == ["ID", "7"]


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("\N{HANGUL CHOSEONG KIYEOK}\N{HANGUL JUNGSEONG A}", 2),
        ("\N{HEAVY BLACK HEART}\N{VARIATION SELECTOR-16}", 2),
        ("\N{HEBREW LETTER SHIN}\N{HEBREW POINT QAMATS}", 1),
        ("\N{ZERO WIDTH SPACE}", 0),
        ("\N{THUMBS UP SIGN}\N{EMOJI MODIFIER FITZPATRICK TYPE-4}", 2),
    ],
)
def test_width_is_that_of_what_is_seen(text: str, columns: int) -> None:
    """Characters that join, modify or have no width do not count."""
    assert width(text) == columns


@pytest.mark.parametrize(
    ("text", "space", "shown"),
    [
        ("abc", 3, "abc"),
        ("abcd", 3, "ab…"),
        ("abcd", 0, ""),
        ("\N{GRINNING FACE}\N{GRINNING FACE}", 3, "\N{GRINNING FACE}…"),
        ("\N{GRINNING FACE}\N{GRINNING FACE}", 2, " …"),
        ("e\N{COMBINING ACUTE ACCENT}x", 2, "e\N{COMBINING ACUTE ACCENT}x"),
        ("\N{REGIONAL INDICATOR SYMBOL LETTER D}\N{REGIONAL INDICATOR SYMBOL LETTER E}!", 2, " …"),
    ],
)
def test_text_is_cut_by_columns(text: str, space: int, shown: str) -> None:
    """Wide characters take two columns, combining ones none, and none is cut in two."""
    assert fit(text, space) == shown


@pytest.mark.parametrize(
    ("space", "shown"),
    [(16, "octo-org/site#12"), (15, "octo-or…site#12"), (9, "octo…e#12"), (5, "o…#12"),
     (4, "…#12"), (3, "…12"), (1, "…"), (0, "")],
)  # fmt: skip
def test_target_is_shortened_in_the_middle(space: int, shown: str) -> None:
    """The owner's beginning and the whole number stay as long as there is room."""
    assert fit_middle("octo-org/site#12", space) == shown
