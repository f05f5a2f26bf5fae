"""What is sent, understood and imitated, held against GitHub's published description."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests
from openapi_core import OpenAPI
from openapi_core.contrib.requests import RequestsOpenAPIRequest, RequestsOpenAPIResponse

from comenq_core.model import Channel, Conversation, Posted
from comenq_core.testing.forge import Forge
from comenq_plugins.github import make_posters
from comenq_plugins.github.poster import GitHubPoster
from tests.github.app import private_key, settings
from tests.github.conftest import TOKEN, MakePoster, a_job

SCRIPT = Path(__file__).parents[2] / "scripts" / "openapi.py"

pytestmark = pytest.mark.full


@pytest.fixture(scope="session")
def described(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """GitHub's description of what comenq asks of it."""
    directory = tmp_path_factory.mktemp("openapi")
    done = subprocess.run(
        [sys.executable, SCRIPT, directory],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == 2:
        pytest.skip(done.stderr.strip())
    assert done.returncode == 0, done.stderr
    description: dict[str, Any] = json.loads((directory / "github.json").read_text())
    return description


def rules(description: dict[str, Any], forge: Forge) -> OpenAPI:
    """The description, of an API that stands where the stand-in does."""
    return OpenAPI.from_dict({**description, "servers": [{"url": forge.url}]})


def partial(value: Any) -> Any:
    """The same shapes, of answers that leave things out."""
    if isinstance(value, list):
        return [partial(member) for member in value]
    if not isinstance(value, dict):
        return value
    return {
        name: partial(member)
        for name, member in value.items()
        if not (name == "required" and isinstance(member, list))
    }


def conversation(forge: Forge, directory: Path) -> Iterator[requests.PreparedRequest]:
    """Everything that an App's poster sends: it gets a token, posts, looks up, reads, checks."""
    (poster,) = make_posters(settings(forge.url, private_key(directory)))
    assert isinstance(poster, GitHubPoster)
    job = a_job('"quotes", \n newlines, 👩‍👩‍👧', if_open=True)
    start = datetime.now(UTC)
    for number in range(101):
        forge.add_comment("o", "r", 7, body=str(number))
    posted = poster.post(job)
    assert isinstance(posted, Posted)
    assert poster.find(job, start, ()) is not None
    trigger = int(posted.comment_id)
    forge.add_review("o", "r", 7, body="Looks good", login="bot[bot]")
    forge.add_reaction("o", "r", 7, content="eyes", login="bot[bot]", comment=trigger)
    forge.add_reaction("o", "r", 7, content="+1", login="bot[bot]")
    assert isinstance(poster.read_conversation(job.asked, None, [trigger]), Conversation)
    thread = forge.add_review_comment("o", "r", 7, body="A nit", login="bot[bot]").id
    later = forge.add_review_comment("o", "r", 7, body="Why?", login="x", in_reply_to=thread).id
    reply = replace(job, request=replace(job.asked, in_reply_to=later))
    assert isinstance(poster.post_reply(reply), Posted)
    assert poster.find_reply(reply, start, ()) is not None
    poster.check_credential()
    paths = {one.path.partition("?")[0] for one in forge.requests}
    assert paths == {
        "/app/installations/42/access_tokens",
        "/app",
        "/repos/o/r/pulls/7",
        "/repos/o/r/issues/7/comments",
        "/repos/o/r/pulls/7/reviews",
        "/repos/o/r/issues/7/reactions",
        f"/repos/o/r/issues/comments/{trigger}/reactions",
        f"/repos/o/r/pulls/7/comments/{later}/replies",
        f"/repos/o/r/pulls/comments/{later}",
        f"/repos/o/r/pulls/7/comments/{thread}/replies",
        "/repos/o/r/pulls/7/comments",
    }
    for one in forge.requests:
        headers = {"Content-Type": one.headers["content-type"]} if one.body else {}
        headers["Authorization"] = one.headers["authorization"]
        url = f"{forge.url}{one.path}"
        yield requests.Request(one.method, url, headers, data=one.body or None).prepare()


def test_requests_fit_the_description(
    forge: Forge, tmp_path: Path, described: dict[str, Any]
) -> None:
    """Path, query and body of every request that the poster sends are as GitHub describes them."""
    expected = rules(described, forge)
    for sent in conversation(forge, tmp_path):
        expected.validate_request(RequestsOpenAPIRequest(sent))


def test_the_stand_in_fits_the_description(
    forge: Forge, tmp_path: Path, described: dict[str, Any]
) -> None:
    """What the stand-in answers to these is less than GitHub does, and nothing else."""
    expected = rules(partial(described), forge)
    with requests.Session() as session:
        for sent in conversation(forge, tmp_path):
            reply = session.send(sent)
            expected.validate_response(RequestsOpenAPIRequest(sent), RequestsOpenAPIResponse(reply))


def example(description: dict[str, Any], name: str) -> Any:
    """An example of GitHub's own."""
    return description["components"]["examples"][name]["value"]


def test_githubs_example_of_a_comment_is_a_receipt(
    forge: Forge, make_poster: MakePoster, described: dict[str, Any]
) -> None:
    """The comment that GitHub shows as an example is understood as posted."""
    comment = example(described, "issue-comment")
    forge.answer_next(status=201, body=comment)
    found = make_poster(forge.url).post(a_job())
    assert isinstance(found, Posted)
    assert (found.comment_id, found.url) == (comment["id"], comment["html_url"])
    assert found.login == comment["user"]["login"]
    assert found.created is not None


def test_a_comment_is_found_in_githubs_example_of_a_list(
    forge: Forge, make_poster: MakePoster, described: dict[str, Any]
) -> None:
    """Body, author and time of what GitHub shows as an example are found where they are."""
    (comment,) = example(described, "issue-comment-items")
    forge.answer_next(method="GET", path="comments", status=200, body=[comment])
    start = datetime.fromisoformat(comment["created_at"])
    found = make_poster(forge.url).find(a_job(comment["body"]), start, ())
    assert isinstance(found, Posted)
    assert found.comment_id == comment["id"]


def test_githubs_example_of_a_reply_is_a_receipt(
    forge: Forge, make_poster: MakePoster, described: dict[str, Any]
) -> None:
    """The reply that GitHub shows as an example is understood as posted, and found."""
    job, comment = a_job(), example(described, "pull-request-review-comment")
    thread = comment["in_reply_to_id"]
    reply = replace(job, request=replace(job.asked, body=comment["body"], in_reply_to=thread))
    forge.answer_next(status=201, body=comment)
    forge.answer_next(method="GET", path="/comments/", status=404, body={"message": "Not Found"})
    forge.answer_next(method="GET", path="/comments", status=200, body=[comment])
    posted = make_poster(forge.url).post_reply(reply)
    start = datetime.fromisoformat(comment["created_at"])
    found = make_poster(forge.url).find_reply(reply, start, ())
    assert isinstance(posted, Posted)
    assert isinstance(found, Posted)
    assert posted.comment_id == found.comment_id == f"discussion_r{comment['id']}"
    assert found.url == posted.url == comment["html_url"]


def test_githubs_example_of_a_pull_request_is_open(
    forge: Forge, make_poster: MakePoster, described: dict[str, Any]
) -> None:
    """The pull request that GitHub shows as an example is seen to be open."""
    forge.answer_next(
        method="GET", path="pulls", status=200, body=example(described, "pull-request")
    )
    assert isinstance(make_poster(forge.url).post(a_job(if_open=True)), Posted)


def test_githubs_example_of_a_user_is_whose_the_token_is(
    forge: Forge, make_poster: MakePoster, described: dict[str, Any]
) -> None:
    """The account that GitHub shows as an example is the one that a check shows."""
    examples = described["paths"]["/user"]["get"]["responses"]["200"]["content"]
    (shown, *_) = examples["application/json"]["examples"].values()
    user = (
        example(described, shown["$ref"].rpartition("/")[2]) if "$ref" in shown else shown["value"]
    )
    forge.answer_next(method="GET", path="user", status=200, body=user)
    findings = make_poster(forge.url).check_credential()
    assert f"the token is {user['login']}'s" in [finding.text for finding in findings]
    assert TOKEN not in repr(findings)


@pytest.mark.parametrize(
    ("examples", "path", "channel"),
    [
        ("issue-comment-items", "comments", Channel.COMMENT),
        ("pull-request-review-items", "reviews", Channel.REVIEW),
        ("reaction-items", "reactions", Channel.REACTION),
    ],
)
def test_githubs_examples_of_what_is_said_are_read(
    forge: Forge,
    make_poster: MakePoster,
    described: dict[str, Any],
    examples: str,
    path: str,
    channel: Channel,
) -> None:
    """Who, what and when are found where they are."""
    (value,) = example(described, examples)
    forge.answer_next(method="GET", path=path, status=200, body=[value])
    found = make_poster(forge.url).read_conversation(a_job().asked, None, ())
    assert isinstance(found, Conversation)
    (remark,) = found.remarks
    assert remark.channel is channel
    assert remark.login == value["user"]["login"]
    assert remark.text == value["content" if channel is Channel.REACTION else "body"]
    assert remark.commit == value.get("commit_id", "")
