"""Replies in review threads, as users queue and see them."""

from __future__ import annotations

import json

import pytest

from comenq_core.cli.comenq.target import read_target, thread_in
from tests.cli.conftest import Comenq
from tests.socket.serving import Served

PULL = "https://github.com/octo-org/site/pull/7"
HASH = "4" * 40


@pytest.mark.parametrize(
    "ending",
    [
        "#discussion_r123",
        "#r123",
        "/files#r123",
        f"/files/{HASH}#r123",
        f"/files/{HASH}..{HASH}#r123",
        "/changes#r123",
        f"/changes/{HASH}#r123",
        "/changes?w=1#discussion_r123",
    ],
)
def test_an_address_names_its_thread(ending: str) -> None:
    """Every form that GitHub's pages have leads to the pull request and the review comment."""
    words = [f"{PULL}{ending}", "Fixed"]
    assert read_target(words) == (("octo-org", "site", 7, "github.com"), ["Fixed"])
    assert thread_in(words) == 123


@pytest.mark.parametrize(
    "ending",
    ["", "/files", "#issuecomment-123", "#pullrequestreview-123", "/files#diff-12R34", "#r12x"],
)
def test_another_address_names_no_thread(ending: str) -> None:
    """What ends in something else is the pull request as a whole."""
    assert thread_in([f"{PULL}{ending}"]) is None


@pytest.mark.parametrize(
    "words",
    [
        [f"{PULL}#discussion_r123", "Fixed"],
        ["octo-org/site", "7", "Fixed", "--reply-to", "123"],
        [f"{PULL}/files#r123", "Fixed", "--reply-to", "0123"],
    ],
)
def test_a_reply_is_queued_and_shown(comenq: Comenq, served: Served, words: list[str]) -> None:
    """What is printed, listed and shown names the thread; JSON has its id."""
    done = comenq(*words)
    (job,) = served.store.pending()
    where = "octo-org/site#7 (thread 123)"
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"queued {job.id} · {where} · 1st in queue · now\n"
    assert (job.asked.in_reply_to, job.asked.target) == (123, "octo-org/site#7")
    assert where in comenq("list").stdout
    assert f"pull request:  {where}" in comenq("show", job.id).stdout
    assert json.loads(comenq("list", "--json").stdout)["in_reply_to"] == 123
    assert where in comenq("del", job.id).stdout
    assert where in comenq("hist").stdout


def test_the_same_words_elsewhere_are_another_comment(comenq: Comenq, served: Served) -> None:
    """With --if-absent, each thread gets its reply once; a key is one thread's."""
    for thread in ("1", "2", "1"):
        comenq("o/r", "7", "Fixed", "--if-absent", "--reply-to", thread)
    assert [job.asked.in_reply_to for job in served.store.pending()] == [1, 2]
    comenq("o/r", "7", "Done", "--key", "k", "--reply-to", "1")
    for more in ((), ("--replace",)):
        refused = comenq("o/r", "7", "Done", "--key", "k", "--reply-to", "2", *more)
        assert refused.returncode == 1


def test_an_edited_reply_stays_in_its_thread(comenq: Comenq, served: Served) -> None:
    """Only its text changes."""
    comenq("o/r", "7", "Fixd", "--key", "k", "--reply-to", "1")
    comenq("o/r", "7", "Fixed", "--key", "k", "--reply-to", "1", "--replace")
    (job,) = served.store.pending()
    assert (job.asked.body, job.asked.in_reply_to) == ("Fixed", 1)


def test_lines_of_a_file_can_be_replies(comenq: Comenq, served: Served) -> None:
    """``in_reply_to`` is a member of a line, checked as the others are."""
    line = {"owner": "o", "repo": "r", "pr_number": 7, "body": "Fixed", "in_reply_to": 2**63 - 1}
    wrong = [{**line, "in_reply_to": value} for value in (0, 2**63, "7", True, 1.5)]
    text = "".join(f"{json.dumps(one)}\n" for one in (line, *wrong))
    done = comenq("put", "--jsonl", "-", stdin=text.encode())
    assert done.stderr.count("in_reply_to: must be a whole number from 1 to") == len(wrong)
    (job,) = served.store.pending()
    assert job.asked.in_reply_to == 2**63 - 1
