"""Reading a pull request from the command line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comenq_core.cli.comenq.target import FORMS, read_target
from comenq_core.cli.exit_status import UsageError
from comenq_core.model import MAX_NUMBER, OWNER_PATTERN, REPO_PATTERN

FULL_WIDTH = "\N{FULLWIDTH DIGIT ONE}\N{FULLWIDTH DIGIT TWO}"
ARABIC = "\N{ARABIC-INDIC DIGIT ONE}"
owners = st.from_regex(OWNER_PATTERN, fullmatch=True)
repos = st.from_regex(REPO_PATTERN, fullmatch=True)
numbers = st.integers(1, MAX_NUMBER)


@given(owner=owners, repo=repos, number=numbers, rest=st.lists(st.text(max_size=5), max_size=2))
def test_all_forms_are_equal(owner: str, repo: str, number: int, rest: list[str]) -> None:
    """All forms give the same pull request and rest; only a URL names its host, too."""
    forms = [
        [f"{owner}/{repo}", str(number)],
        [f"{owner}/{repo}#{number}"],
        [f"https://github.com/{owner}/{repo}/pull/{number}"],
    ]
    hosts = [None, None, "github.com"]
    expected = [((owner, repo, number, host), rest) for host in hosts]
    assert [read_target([*form, *rest]) for form in forms] == expected


@pytest.mark.parametrize(
    "url",
    [
        "https://github.com/o/r/pull/12",
        "https://github.com/o/r/pull/12/files",
        "https://github.com/o/r/pull/12#issuecomment-99",
        "https://github.com/o/r/pull/12?w=1#x/y",
        "https://github.com/o/r/issues/12#top",
        "github.com/o/r/pull/12/files",
    ],
)
def test_urls_are_read_as_browsers_show_them(url: str) -> None:
    """A URL may be of a pull request or an issue, and go on after the number."""
    assert read_target([url]) == (("o", "r", 12, "github.com"), [])


@pytest.mark.parametrize(
    ("authority", "host"),
    [
        ("GitHub.com", "github.com"),
        ("github.com:443", "github.com"),
        ("ghe.example.com:8443", "ghe.example.com:8443"),
        ("[::1]:3000", "[::1]:3000"),
        ("github.com@git.example.org", "git.example.org"),
        ("me:secret@github.com", "github.com"),
    ],
)
def test_host_is_what_a_browser_would_connect_to(authority: str, host: str) -> None:
    """It is without the user, in lower case, and without its usual port."""
    assert read_target([f"https://{authority}/o/r/pull/12"])[0][3] == host


@pytest.mark.parametrize(
    "word",
    [
        "o",
        "o/",
        "/r",
        "o/r/",
        "o//r",
        "o/r/x",
        "o/.",
        "o/..",
        "../r",
        "-o/r",
        "o/r%20",
        "o/r?x",
        "o /r",
        " o/r",
        "o/r ",
        "o/r\n",
        "o\n/r",
        "o/r\x00",
        "ö/r",
        f"{'o' * 40}/r",
        f"o/{'r' * 101}",
        "https://github.com/o/r",
        "https://github.com/o/r/tree/12",
        "https://github.com/o/../pull/12",
        "https:///o/r/pull/12",
        "https://github.com\\@git.example.org/o/r/pull/12",
        "https://git.example.org/o/r/-/merge_requests/12",
        "ftp://github.com/o/r/pull/12",
        "",
    ],
)
def test_invalid_pull_request_is_refused(word: str) -> None:
    """Names that break GitHub's rules are refused, and the message shows the expected forms."""
    with pytest.raises(UsageError) as caught:
        read_target([word, "1"])
    assert all(form in str(caught.value) for form in FORMS)


@pytest.mark.parametrize(
    "number",
    [
        "0",
        "-1",
        "+1",
        "1_0",
        " 1",
        "1 ",
        "1\n",
        FULL_WIDTH,
        f"1{FULL_WIDTH}",
        ARABIC,
        "1.0",
        "1e3",
        "",
        "2147483648",
    ],
)
@pytest.mark.parametrize("form", ["two words", "one word"])
def test_invalid_number_is_refused(number: str, form: str) -> None:
    """Only ASCII digits in GitHub's range are a number, whatever int() accepts."""
    words = ["o/r", number] if form == "two words" else [f"o/r#{number}"]
    with pytest.raises(UsageError, match="not a pull request number"):
        read_target(words)


def test_missing_number_is_reported() -> None:
    """For a repository alone, the message shows where the number goes."""
    with pytest.raises(UsageError, match="needs a number after it"):
        read_target(["o/r"])


def test_message_cannot_control_the_terminal() -> None:
    """A wrong word is quoted escaped and cut short."""
    with pytest.raises(UsageError) as caught:
        read_target(["\x1b[31m" + "x" * 1000, "1"])
    assert "\x1b" not in str(caught.value)
    assert len(str(caught.value)) < 300
