"""What clients send, and the replies that they get."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest

from comenq_core.model import Candidate, Failed, Pacing, State, Unconfirmed
from tests.socket.attempts import ATTEMPT
from tests.socket.serving import REQUEST, Served, Talker


def test_bare_request_ended_by_half_closing_is_queued(served: Served) -> None:
    """A request without newline, ended by half-closing as by the Rust client, is queued."""
    with served.talk() as client:
        client.socket.sendall(
            b'{"owner":"octo-org","repo":"site","pr_number":7,"body":"Looks good."}'
        )
        client.end()
        reply = client.reply()
        assert client.is_closed()
    assert reply["outcome"] == "ok"
    assert reply["entry"]["pr_number"] == REQUEST["pr_number"]
    assert [job.id for job in served.store.pending()] == [reply["entry"]["id"]]


def test_acknowledgement_does_not_repeat_the_body(served: Served) -> None:
    """The reply to a put has every member of the job that show has, but the comment's body."""
    with served.talk() as client:
        for put in (REQUEST, {"op": "put", "request": REQUEST, "ahead": True}):
            acknowledged = client.ask(put)["entry"]
            shown = client.ask({"op": "show", "id": acknowledged["id"]})["entry"]
            assert shown.pop("body") == REQUEST["body"]
            assert acknowledged == shown


@pytest.mark.parametrize("immediate", [True, False])
def test_acknowledgement_to_the_rust_client_has_the_body(served: Served, immediate: bool) -> None:
    """The client that says ``immediate`` cannot decode a reply without the comment's body."""
    put = {"op": "put", "request": REQUEST, "immediate": immediate}
    with served.talk() as client:
        assert client.ask(put)["entry"]["body"] == REQUEST["body"]


def test_replies_come_in_the_order_of_the_requests(served: Served) -> None:
    """Valid and invalid requests that are sent together are answered in their order."""
    with served.talk() as client:
        client.socket.sendall(b"nonsense\n\n")
        for number in range(1, 300):
            client.send({**REQUEST, "pr_number": number})
        client.send({"op": "ping"}, {"op": "nonsense"}, {**REQUEST, "pr_number": 300})
        client.end()
        replies = [client.reply() for _ in range(303)]
        assert client.is_closed()
    codes = [reply.get("code") for reply in replies]
    numbers = [reply["entry"]["pr_number"] for reply in replies if "entry" in reply]
    assert codes[0] == codes[301] == "invalid_request"
    assert replies[300] == {"outcome": "ok"}
    assert numbers == list(range(1, 301))


def test_connection_stays_open_for_more(served: Served) -> None:
    """A client may wait for each reply before it sends the next request."""
    with served.talk() as client:
        replies = [client.ask(REQUEST) for _ in range(3)]
    assert len({reply["entry"]["id"] for reply in replies}) == 3


def test_peer_is_recorded(served: Served) -> None:
    """The job's origin has the uid and the pid that the kernel tells."""
    with served.talk() as client:
        client.ask(REQUEST)
    (job,) = served.store.pending()
    assert (job.origin.intake, job.origin.uid, job.origin.pid) == ("unix", os.getuid(), os.getpid())


def test_invalid_request_leaves_the_connection_open(served: Served) -> None:
    """An error names an unknown member, and the next request is served."""
    with served.talk() as client:
        error = client.ask({**REQUEST, "colour": "red"})
        assert client.ask(REQUEST)["outcome"] == "ok"
    assert error["code"] == "invalid_request"
    assert "colour" in error["message"]


@pytest.fixture
def client(served: Served) -> Iterator[Talker]:
    """A connected client."""
    with served.talk() as talker:
        yield talker


@pytest.fixture
def ids(client: Talker) -> list[str]:
    """The ids of three jobs that wait."""
    return [client.ask({**REQUEST, "pr_number": n})["entry"]["id"] for n in (1, 2, 3)]


def _listed(client: Talker, **members: object) -> list[str]:
    reply = client.ask({"op": "list", **members})
    return [entry["id"] for entry in reply["entries"]]


def test_list_shows_the_queue(client: Talker, served: Served, ids: list[str]) -> None:
    """Jobs are listed in their order, with their places and their times."""
    with served.store.lock():
        entries = client.ask({"op": "list"})["entries"]
    assert [entry["id"] for entry in entries] == ids
    assert [entry["position"] for entry in entries] == [0, 1, 2]
    assert [entry["eta_seconds"] for entry in entries] == [0, 900, 1800]


def test_list_is_limited(client: Talker, ids: list[str]) -> None:
    """A limit applies with and without a filter; null, which the Rust client sends, is none."""
    assert _listed(client, limit=2) == ids[:2]
    assert _listed(client, limit=2, state=["waiting"]) == ids[:2]
    assert _listed(client, limit=None) == ids


def test_list_filters_by_state_and_repository(client: Talker, ids: list[str]) -> None:
    """Only jobs in the states and for the repository are listed, whatever the name's case."""
    other = client.ask({**REQUEST, "repo": "Other"})["entry"]["id"]
    client.ask({"op": "hold", "id": ids[1]})
    assert _listed(client, state=["held"]) == [ids[1]]
    assert _listed(client, repo="octo-org/other") == [other]
    assert _listed(client, repo="octo-org/site", state=["waiting"]) == [ids[0], ids[2]]


def test_listings_filter_by_number(client: Talker, ids: list[str]) -> None:
    """A pull request's number is one of any repository, unless the repository is named as well."""
    other, _ = [client.ask({**REQUEST, "repo": "other", "pr_number": n})["entry"] for n in (2, 22)]
    assert _listed(client, pr_number=2) == [ids[1], other["id"]]
    assert _listed(client, pr_number=2, repo="octo-org/other") == [other["id"]]
    assert _listed(client, pr_number=2, limit=1) == [ids[1]]
    client.ask({"op": "del", "id": other["id"]})
    over = [client.ask({"op": "hist", "pr_number": number})["history"] for number in (2, 22)]
    assert [[job["id"] for job in jobs] for jobs in over] == [[other["id"]], []]


def test_jobs_change_their_places(client: Talker, ids: list[str]) -> None:
    """Bump moves a job to the head of the queue; bust, and its alias defer, to the end."""
    first, second, third = ids
    assert client.ask({"op": "bump", "id": third})["entry"]["position"] == 0
    assert _listed(client) == [third, first, second]
    for back in ("bust", "defer"):
        assert client.ask({"op": back, "id": third})["entry"]["position"] == 2
        assert _listed(client) == [first, second, third]
        client.ask({"op": "bump", "id": third})


def test_job_is_held_and_released(client: Talker, ids: list[str]) -> None:
    """Hold and release change the state that the reply shows."""
    assert client.ask({"op": "hold", "id": ids[0]})["entry"]["state"] == "held"
    assert client.ask({"op": "release", "id": ids[0]})["entry"]["state"] == "waiting"


def test_job_is_deleted_by_a_beginning_of_its_id(client: Talker, ids: list[str]) -> None:
    """An unambiguous beginning stands for the id."""
    assert client.ask({"op": "del", "id": ids[0][:8]})["entry"]["id"] == ids[0]
    assert _listed(client) == ids[1:]


def test_unknown_id_is_an_error(client: Talker) -> None:
    """An id that no job has is the error ``no_such_job``."""
    assert client.ask({"op": "show", "id": "zzz"})["code"] == "no_such_job"


def test_change_that_the_state_does_not_allow_is_an_error(client: Talker, ids: list[str]) -> None:
    """Releasing a job that is not held is the error ``wrong_state``."""
    assert client.ask({"op": "release", "id": ids[0]})["code"] == "wrong_state"


def _fail(served: Served) -> str:
    """Fail the first job, and return its id."""
    job = served.store.claim("bot")
    assert job is not None
    served.store.settle(job, Failed(reason="it is locked"), ATTEMPT)
    return job.id


def test_failed_job_is_in_the_history_until_retry(
    served: Served, client: Talker, ids: list[str]
) -> None:
    """A failed job is in the history with its reason, until it is queued again."""
    assert _fail(served) == ids[0]
    (record,) = client.ask({"op": "hist", "failed": True})["history"]
    assert (record["id"], record["success"], record["error"]) == (ids[0], False, "it is locked")
    assert client.ask({"op": "retry", "id": ids[0]})["entry"]["state"] == State.WAITING
    assert client.ask({"op": "hist"})["history"] == []


def test_pause_is_in_the_status_until_resume(client: Talker) -> None:
    """The status shows the pause with its reason and the uid of who paused."""
    client.ask({"op": "pause", "reason": "code freeze"})
    paused = client.ask({"op": "status"})["status"]["paused"]
    assert (paused["reason"], paused["by"]) == ("code freeze", os.getuid())
    client.ask({"op": "resume"})
    assert client.ask({"op": "status"})["status"]["paused"] is None


def test_status_counts_jobs(client: Talker, ids: list[str]) -> None:
    """The status has the number of jobs in each state."""
    client.ask({"op": "hold", "id": ids[0]})
    counts = client.ask({"op": "status"})["status"]["counts"]
    assert (counts["waiting"], counts["held"]) == (2, 1)


def test_options_of_put_are_obeyed(client: Talker, ids: list[str]) -> None:
    """``ahead`` queues at the head; ``if_absent`` returns the job that is there already."""
    urgent = {**REQUEST, "pr_number": 9}
    ahead = client.ask({"op": "put", "request": urgent, "ahead": True})["entry"]
    assert (ahead["position"], _listed(client)) == (0, [ahead["id"], *ids])
    again = client.ask({"op": "put", "request": urgent, "if_absent": True})["entry"]
    assert again["id"] == ahead["id"]


def _pages(client: Talker, what: str, **members: object) -> list[list[dict[str, Any]]]:
    """All pages of a listing."""
    pages: list[list[dict[str, Any]]] = []
    reply: dict[str, Any] = {"next": 0}
    while reply["next"] is not None:
        reply = client.ask({"offset": reply["next"], **members})
        pages.append(reply[what])
    return pages


def test_list_is_read_in_pages(client: Talker, ids: list[str]) -> None:
    """Each page says where the next one begins, and the last one that there is none."""
    pages = _pages(client, "entries", op="list", limit=2)
    assert [[entry["id"] for entry in page] for page in pages] == [ids[:2], ids[2:]]
    assert [len(page) for page in _pages(client, "entries", op="list", limit=3)] == [3]


def test_list_of_one_repository_is_read_in_pages(client: Talker, ids: list[str]) -> None:
    """Jobs that are passed over count toward the next offset, and not toward the limit."""
    others = [client.ask({**REQUEST, "repo": "other"})["entry"]["id"] for _ in range(2)]
    last = client.ask(REQUEST)["entry"]["id"]
    pages = _pages(client, "entries", op="list", limit=1, repo="octo-org/other")
    assert [[entry["id"] for entry in page] for page in pages] == [[one] for one in others]
    pages = _pages(client, "entries", op="list", limit=3, repo="octo-org/site")
    assert [[entry["id"] for entry in page] for page in pages] == [ids, [last]]


def test_page_ends_after_a_mebibyte(client: Talker) -> None:
    """However long the comments are, a page takes about as many bytes as a request may."""
    asked = {**REQUEST, "body": "x" * 200_000}
    ids = [client.ask(asked)["entry"]["id"] for _ in range(8)]
    pages = _pages(client, "entries", op="list")
    assert [[entry["id"] for entry in page] for page in pages] == [ids[:6], ids[6:]]


def test_history_is_read_in_pages(served: Served, client: Talker, ids: list[str]) -> None:
    """The first page has the newest jobs, the newest of them last."""
    for _ in ids:
        _fail(served)
    for members in ({}, {"failed": True}):
        pages = _pages(client, "history", op="hist", limit=2, **members)
        assert [[job["id"] for job in page] for page in pages] == [ids[1:], ids[:1]]


def test_status_has_worker_capacity_and_next_job(
    served: Served, client: Talker, ids: list[str]
) -> None:
    """The status says whether a worker runs, what is left, and which job is next and when."""
    with served.store.lock():
        status = client.ask({"op": "status"})["status"]
    assert (status["working"], status["capacity"]) == (True, [])
    assert status["next"] == {"id": ids[0], "eta_seconds": 0, "trouble": None}


def _lose(served: Served) -> str:
    """Make the first job unconfirmed, and return its id."""
    job = served.store.claim("bot")
    assert job is not None
    url = f"https://github.com/octo-org/site/pull/{job.asked.pr_number}#issuecomment-5"
    candidates = (Candidate(url=url, comment_id=5),)
    served.store.settle(job, Unconfirmed(reason="is it?", candidates=candidates), ATTEMPT)
    return job.id


def test_unconfirmed_job_is_shown_with_its_candidates(
    served: Served, client: Talker, ids: list[str]
) -> None:
    """Its entry says why, and which comments may be it; the status counts it."""
    lost = _lose(served)
    (entry,) = client.ask({"op": "list", "state": ["unconfirmed"]})["entries"]
    assert (entry["id"], entry["reason"], entry["eta_known"]) == (lost, "is it?", False)
    url = "https://github.com/octo-org/site/pull/1#issuecomment-5"
    assert entry["candidates"] == [{"url": url, "comment_id": 5}]
    assert client.ask({"op": "status"})["status"]["counts"]["unconfirmed"] == 1


def test_job_is_resolved(served: Served, client: Talker, ids: list[str]) -> None:
    """With an address the job is posted there; without one it waits again; else it is an error."""
    first, second = _lose(served), _lose(served)
    url = "https://github.com/octo-org/site/pull/1#issuecomment-5"
    resolved = client.ask({"op": "resolve", "id": first[:8], "posted": url})["entry"]
    assert (resolved["state"], resolved["url"], resolved["comment_id"]) == ("posted", url, 5)
    elsewhere = client.ask({"op": "resolve", "id": second, "posted": f"{url}0"})
    assert (elsewhere["code"], elsewhere["message"]) == (
        "invalid_request",
        "posted: is on another pull request than octo-org/site#2",
    )
    assert client.ask({"op": "resolve", "id": second})["entry"]["state"] == "waiting"
    assert client.ask({"op": "resolve", "id": second})["code"] == "wrong_state"


def test_back_offs_are_flushed(served: Served, client: Talker) -> None:
    """The reply says how many have ended."""
    record = Pacing(account="me", at=served.store.now(), backoff=900, cause="outage")
    served.store.save_pacing(record, expect=None)
    assert client.ask({"op": "flush"}) == {"outcome": "ok", "ended": 1}
    assert client.ask({"op": "flush"}) == {"outcome": "ok", "ended": 0}


def test_account_says_what_it_waits_for(served: Served, client: Talker) -> None:
    """The status has an account's time, cause, reason, login and counts."""
    record = Pacing(account="me", at=served.store.now(), backoff=3600, cause="unauthorized",
                    reason="Bad credentials", login="ada")  # fmt: skip
    served.store.save_pacing(record, expect=None)
    (account,) = client.ask({"op": "status"})["status"]["accounts"]
    assert account == {
        "name": "me",
        "post_in": 3600,
        "reason": "Bad credentials",
        "cause": "unauthorized",
        "login": "ada",
        "posts": {"success": 0, "api_error": 0, "timeout": 0},
    }


def test_account_that_is_to_post_is_kept(client: Talker) -> None:
    """A request may name the posting account, which every entry shows."""
    entry = client.ask({**REQUEST, "account": "ada"})["entry"]
    assert entry["account"] == "ada"
    assert client.ask(REQUEST)["entry"]["account"] is None


def test_a_client_says_what_it_calls_itself(served: Served) -> None:
    """The word is in the job's origin, beside what the kernel vouches for, of any form of put."""
    with served.talk() as client:
        for put in ({**REQUEST, "via": "agent"}, {"op": "put", "request": REQUEST, "via": "agent"}):
            origin = client.ask(put)["entry"]["origin"]
            assert (origin["via"], origin["uid"]) == ("agent", os.getuid())
        assert client.ask(REQUEST)["entry"]["origin"]["via"] is None


def test_a_client_says_nothing_that_it_may_not_say(served: Served) -> None:
    """A word with a control character or without an end, a token and a user are refused."""
    with served.talk() as client:
        for member, value in (
            ("via", "a\x1b[31m"),
            ("via", "a\n"),
            ("via", ""),
            ("via", "a" * 65),
            ("via", " a"),
            ("token", "ci"),
            ("uid", 0),
        ):
            client.send({"op": "put", "request": REQUEST, member: value})
            assert client.reply()["message"].startswith(f"{member}: ")


def test_listings_have_only_what_a_client_has_queued(served: Served) -> None:
    """A word selects the jobs of the clients that call themselves so or begin with it."""
    with served.talk() as client:
        for number, via in enumerate(("mcp one", "mcp two", "mcprobe", "comenq"), start=1):
            client.ask({**REQUEST, "pr_number": number, "via": via})
        client.ask({**REQUEST, "pr_number": 5})
        for word, numbers in (("mcp", [1, 2]), ("mcp one", [1]), ("comenq", [4]), ("m", [])):
            listed = client.ask({"op": "list", "via": word})["entries"]
            assert [entry["pr_number"] for entry in listed] == numbers
        (last,) = client.ask({"op": "list", "via": "mcp two"})["entries"]
        client.ask({"op": "del", "id": last["id"]})
        assert client.ask({"op": "hist", "via": "mcp one"})["history"] == []
        assert [job["id"] for job in client.ask({"op": "hist", "via": "mcp"})["history"]] == [
            last["id"]
        ]
