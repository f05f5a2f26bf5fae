"""Which comment is ours, and where the next page is."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comenq_core.model import Attempt, CommentRequest, Fault, Job, Origin
from comenq_core.model.transitions import INTERRUPTED
from comenq_plugins.github.http.comments import (
    Comment,
    pull_request_page,
    read_comment,
)
from comenq_plugins.github.matching import Authors, Likeness, Wanted, authors, marked, next_page

SENT = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
ID = "0123456789ab"
BODY = """Please see #12 \n
- [ ] the tests pass\n- [ ] the pages are read\n\tindented\n"""
WANTED = Wanted(
    job_id=ID, body=BODY, authors=Authors(logins={"Me"}, are_all=True), since=SENT, known={3}
)
UNNAMED = replace(WANTED, authors=Authors(logins=(), are_all=False))


def a_comment(body: str = BODY, **members: object) -> Comment:
    """A comment as a listing shows it; by default, ours."""
    usual = Comment(number=7, url="https://x/7", login="me", created=SENT, body=body)
    return replace(usual, **members)  # type: ignore[arg-type]


SAME = {
    "as it was sent": BODY,
    "line ends of a browser": BODY.replace("\n", "\r\n"),
    "line ends of long ago": BODY.replace("\n", "\r"),
    "without the last newline": BODY.rstrip("\n"),
    "more newlines": f"\n\n{BODY}\n\n",
    "without blanks at line ends": BODY.replace(" \n", "\n"),
    "with blanks at line ends": BODY.replace("\n", " \t\n"),
}
CHANGED = {
    "footer": f"{BODY}\n---\n_sent through the gateway, which has a lot to say about itself_",
    "references": BODY.replace("#12", "o/r#12"),
    "box": BODY.replace("- [ ] the tests", "- [x] the tests"),
    "edited": BODY.replace("the pages are read", "nobody reads pages"),
    "cut off": BODY[: len(BODY) // 2],
    "quoted": BODY.replace("\n", "\n> "),
    "other case": BODY.upper(),
}
OTHER_TEXTS = {
    "another": "Thank you for the report! It is a duplicate.",
    "empty": "",
    "a word of it": "the",
    "other words": "Please run the linter, and say what it prints.",
}


@pytest.mark.parametrize("body", SAME.values(), ids=SAME)
def test_same_text(body: str) -> None:
    """Our text by our account is ours, whatever became of line ends and of blanks at ends."""
    assert WANTED.likeness(a_comment(body)) is Likeness.OURS


@pytest.mark.parametrize("body", CHANGED.values(), ids=CHANGED)
def test_similar_text(body: str) -> None:
    """A similar text by our account may be ours."""
    assert WANTED.likeness(a_comment(body)) is Likeness.SIMILAR


@pytest.mark.parametrize("body", OTHER_TEXTS.values(), ids=OTHER_TEXTS)
def test_other_text(body: str) -> None:
    """Our account's comments about other things are not ours."""
    assert WANTED.likeness(a_comment(body)) is Likeness.NOT_OURS


@pytest.mark.parametrize("body", [BODY, *CHANGED.values()])
def test_another_account(body: str) -> None:
    """What an account wrote that cannot have posted it is not ours, not even our very text."""
    assert WANTED.likeness(a_comment(body, login="you")) is Likeness.NOT_OURS


@pytest.mark.parametrize("wanted", [WANTED, UNNAMED], ids=["deleted", "unknown"])
def test_unknown_account(wanted: Wanted) -> None:
    """Where it is not known who posted, our text may be ours, and is no proof."""
    login = "" if wanted is WANTED else "you"
    for body in (BODY, CHANGED["footer"]):
        assert wanted.likeness(a_comment(body, login=login)) is Likeness.SIMILAR


@pytest.mark.parametrize("login", ["me", "you", ""])
@pytest.mark.parametrize(
    "body",
    [
        marked(BODY, ID),
        marked("something else", ID).replace("\n", "\r\n"),
        f"<!--comenq:{ID}-->",
        f"> quoted <!--  comenq:{ID}  --> by a gateway\n---\nfooter",
    ],
)
def test_marked(login: str, body: str) -> None:
    """The marker proves it, whatever became of the text around it, and whoever it is by."""
    assert WANTED.likeness(a_comment(body, login=login)) is Likeness.OURS


def test_marker_of_another_job() -> None:
    """Another job's marker proves nothing."""
    theirs = marked("something else", "ba9876543210")
    assert WANTED.likeness(a_comment(theirs)) is Likeness.NOT_OURS


@pytest.mark.parametrize("body", [BODY, CHANGED["box"], marked(BODY, ID)])
def test_known(body: str) -> None:
    """A comment that is known to be another post's is not this one's."""
    assert WANTED.likeness(a_comment(body, number=3)) is Likeness.NOT_OURS


@given(offset=st.timedeltas(-timedelta(days=9), timedelta(days=9)))
def test_time_decides(offset: timedelta) -> None:
    """A comment with our text is ours exactly if it is not older than what we sent."""
    found = WANTED.likeness(a_comment(created=SENT + offset))
    assert (found is Likeness.OURS) == (offset >= timedelta(0))


def test_unknown_time() -> None:
    """Where GitHub does not say when a comment was made, our text is no proof."""
    assert WANTED.likeness(a_comment(created=None)) is Likeness.SIMILAR


@pytest.mark.parametrize("body", ["👍", "...", "好的谢谢我会再看一遍。", "\N{ZERO WIDTH SPACE}"])
def test_without_words(body: str) -> None:
    """Texts without words, or without blanks between them, are compared as well."""
    wanted = replace(WANTED, body=body)
    assert wanted.likeness(a_comment(body)) is Likeness.OURS
    assert wanted.likeness(a_comment(f"{body}\n\n-- \nme")) is Likeness.SIMILAR
    assert wanted.likeness(a_comment("Another thing.")) is Likeness.NOT_OURS


def test_edited_without_blanks() -> None:
    """A part that was edited in a text without blanks leaves it similar."""
    wanted = replace(WANTED, body="好的谢谢我会再看一遍。")
    assert wanted.likeness(a_comment("好的谢谢我明天再看一遍。")) is Likeness.SIMILAR


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_texts(ours: str, theirs: str) -> None:
    """Any two texts can be compared, and each is like itself with more behind it."""
    wanted = replace(WANTED, body=f"a {ours}")
    assert isinstance(wanted.likeness(a_comment(theirs)), Likeness)
    assert wanted.likeness(a_comment(f"a {ours}\nfooter")) is Likeness.SIMILAR


def an_attempt(login: str, *, outcome: str = "unknown") -> Attempt:
    """An attempt by this account."""
    return Attempt(
        started=SENT,
        ended=SENT,
        account="default",
        outcome=outcome,
        login=login,
        counted=outcome == "unknown",
    )


def a_job(*attempts: Attempt, interruptions: int = 0) -> Job:
    """A job with these attempts."""
    request = CommentRequest(owner="o", repo="r", pr_number=7, body=BODY)
    return Job(
        id=ID,
        request=request,
        arrived=SENT,
        origin=Origin(intake="test"),
        attempts=attempts,
        interruptions=interruptions,
    )


def test_login_of_the_attempt() -> None:
    """The accounts that attempted it count, not the one that looks for it."""
    failed_look_up = replace(an_attempt(""), counted=False)
    job = a_job(an_attempt("old"), an_attempt("", outcome="absent"), failed_look_up)
    job = replace(job, attempts=(*job.attempts, an_attempt("other")))
    assert authors(job, "new") == Authors(logins={"old", "other"}, are_all=True)


@pytest.mark.parametrize(
    "job",
    [
        a_job(an_attempt("")),
        a_job(an_attempt("", outcome=INTERRUPTED), interruptions=1),
        a_job(interruptions=1),
        a_job(replace(an_attempt(""), counted=False, fault=Fault.SERVICE)),
    ],
    ids=["nameless", "interrupted", "not recorded", "not counted"],
)
def test_attempt_without_a_login(job: Job) -> None:
    """The account that looks for it may be another than the one that posted, if nobody knows."""
    assert authors(job, "new") == Authors(logins={"new"}, are_all=False)
    assert authors(job, "") == Authors(logins=set(), are_all=False)


def test_no_attempt() -> None:
    """Without any attempt, it can only be the account that looks for it."""
    assert authors(a_job(), "me") == Authors(logins={"me"}, are_all=True)


def test_names_in_any_case() -> None:
    """GitHub's names are the same in any case."""
    assert Authors(logins={"OctoCat"}, are_all=True).has("octocat")


@pytest.mark.parametrize("value", [None, [], "hi", 7, {}, {"id": 7}, {"id": "7"}])
def test_garbage(value: object) -> None:
    """What is no comment is read as none."""
    assert read_comment(value, "https://x", "") is None


@pytest.mark.parametrize(
    ("api", "page"),
    [
        ("https://api.github.com", "https://github.com/o/r/pull/7"),
        ("https://api.octo.ghe.com", "https://octo.ghe.com/o/r/pull/7"),
        ("https://git.example.com/api/v3", "https://git.example.com/o/r/pull/7"),
        ("https://api.example.com/git/api/v3/", "https://api.example.com/git/o/r/pull/7"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080/o/r/pull/7"),
    ],
)
def test_page_for_people(api: str, page: str) -> None:
    """The address for people follows from that of the API."""
    assert pull_request_page(api, a_job().asked) == page


def test_marker() -> None:
    """The marker follows the body, and names the job where no reader sees it."""
    assert marked("hi", "0123456789ab") == "hi\n\n<!-- comenq:0123456789ab -->"


@pytest.mark.parametrize(
    ("link", "url"),
    [
        ("", ""),
        ('<https://a/?page=1>; rel="prev", <https://a/?page=3>; rel="next"', "https://a/?page=3"),
        ('<https://a/?page=3>; rel="next", <https://a/?page=9>; rel="last"', "https://a/?page=3"),
        ("<https://a/?a=b,c>;rel=next", "https://a/?a=b,c"),
        ('<https://a/?page=9>; rel="last", <https://a/?page=1>; rel="first"', ""),
        ("garbage <", ""),
    ],
)
def test_next_page(link: str, url: str) -> None:
    """The next page is the one that the header calls so."""
    assert next_page(link) == url


@given(st.text(max_size=80))
def test_any_link(link: str) -> None:
    """Any header is read without harm."""
    assert isinstance(next_page(link), str)
