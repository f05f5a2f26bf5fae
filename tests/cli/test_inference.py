"""Which pull request is meant where the command line does not say it all."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comenq_core.cli.comenq.inference import repository_of
from comenq_core.cli.comenq.remotes import Remote
from comenq_core.cli.exit_status import UsageError
from tests.cli.checkouts import Checkout
from tests.cli.command import environment, run
from tests.socket.serving import Served, serving

SITE = "https://github.com/octo-org/site.git"
FORK = "git@github.com:ada/site.git"
SECRET = "s3cret"
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def checkout(directory: Path) -> Checkout:
    """A checkout of octo-org/site."""
    return Checkout(directory / "site", origin=SITE)


@pytest.fixture
def type_in(served: Served) -> Run:
    """Type a command in a checkout: the exit status, what is queued, and what is said."""

    def type_it(
        checkout: Checkout, *words: str, directory: Path | None = None, **variables: str
    ) -> tuple[int, str, str]:
        env = environment(served.path, **checkout.variables | variables)
        done = run(*words, env=env, directory=directory or checkout.path)
        queued = " ".join(f"{job.asked.target} {job.asked.host}" for job in served.store.pending())
        assert all(job.asked.body == "Hi" for job in served.store.pending())
        return done.returncode, queued, done.stdout + done.stderr

    return type_it


@pytest.mark.parametrize(
    "words",
    [
        ["12", "Hi"],
        ["#12", "Hi"],
        ["put", "12", "Hi"],
        ["12", "-b", "Hi"],
        ["-b", "Hi", "12"],
        ["put", "#12", "--body", "Hi"],
    ],
)
def test_number_alone_is_of_the_checkouts_repository(
    type_in: Run, checkout: Checkout, words: list[str]
) -> None:
    """The repository is that of the remote; the answer names the target."""
    status, queued, said = type_in(checkout, *words)
    assert (status, queued) == (0, "octo-org/site#12 github.com")
    assert " · octo-org/site#12 · 1st in queue" in said


@pytest.mark.parametrize(
    ("words", "variables", "queued"),
    [
        (["-R", "o/r", "12", "Hi"], {}, "o/r#12 None"),
        (["12", "--repo", "git.example.org/o/r", "Hi"], {}, "o/r#12 git.example.org"),
        (["12", "Hi"], {"GH_REPO": "o/r"}, "o/r#12 None"),
        (["12", "Hi"], {"GH_REPO": "git.example.org/o/r"}, "o/r#12 git.example.org"),
        (["12", "Hi", "-R", "o/r"], {"GH_REPO": "p/q"}, "o/r#12 None"),
        (["12", "Hi", "-R", "o/r"], {"GH_HOST": "git.example.org"}, "o/r#12 git.example.org"),
        (["o/r#12", "Hi"], {"GH_REPO": "p/q"}, "o/r#12 None"),
        (["https://github.com/o/r/pull/12", "Hi", "-R", "O/R"], {}, "o/r#12 github.com"),
    ],
)
def test_named_repository_comes_first(
    type_in: Run, checkout: Checkout, words: list[str], variables: dict[str, str], queued: str
) -> None:
    """-R comes before GH_REPO, and both before the remotes; a pull request in full before all."""
    assert type_in(checkout, *words, **variables)[:2] == (0, queued)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["-R", "o/r", "-b", "Hi"], "needs a number"),
        (["-R", "o/r", "p/q#12", "Hi"], "-R names o/r, and the pull request is in p/q"),
        (["-R", f"https://me:{SECRET}@gist.github.com/o/r", "1", "Hi"], "-R is a gist"),
        (["12", "Hi", "-b", "Hi"], "given twice"),
        (["12", "-b", "Hi", "-F", "-"], "given twice"),
        (["0", "Hi"], "not a pull request number"),
        (["Hi"], "unknown command"),
        (["put", "Hi"], "not a pull request"),
        (["put", "https://github.com/o/r/pull/12#r7", "Hi", "--reply-to", "8"], "and --reply-to 8"),
        (["put", "o/r", "12", "Hi", "--reply-to", "r8"], "expected the number after discussion_r"),
        ([f"https://github.com/o/r/pull/12#r{2**63}", "Hi"], "is not the id of a review comment"),
        ([f"https://me:{SECRET}@github.com/o", "12", "Hi"], "not a pull request"),
    ],
)
def test_wrong_target_is_a_usage_error(
    type_in: Run, checkout: Checkout, words: list[str], told: str
) -> None:
    """It exits with 2, says what is wrong without a password, and queues nothing."""
    status, queued, said = type_in(checkout, *words)
    assert (status, queued) == (2, "")
    assert told in said
    assert SECRET not in said


def test_several_repositories_are_refused_with_their_names(
    type_in: Run, checkout: Checkout
) -> None:
    """A fork and its origin are two candidates, and nothing is queued."""
    checkout.git("remote", "add", "fork", f"https://me:{SECRET}@github.com/ada/site")
    status, queued, said = type_in(checkout, "12", "Hi")
    assert (status, queued) == (2, "")
    assert "fork: github.com/ada/site" in said
    assert "origin: github.com/octo-org/site" in said
    assert SECRET not in said


@pytest.mark.parametrize(
    ("resolved", "queued"),
    [("base", "ada/site#12 github.com"), ("top/site", "top/site#12 github.com")],
)
def test_choice_of_gh_is_kept(type_in: Run, checkout: Checkout, resolved: str, queued: str) -> None:
    """What ``gh repo set-default`` has noted at a remote decides."""
    checkout.git("remote", "add", "fork", FORK)
    checkout.git("config", "remote.fork.gh-resolved", resolved)
    assert type_in(checkout, "12", "Hi")[:2] == (0, queued)


def test_instead_of_is_applied(type_in: Run, checkout: Checkout) -> None:
    """An address is what git makes of it, also where a branch follows one."""
    checkout.git("config", "url.https://github.com/.insteadOf", "gh:")
    checkout.git("remote", "set-url", "origin", "gh:o/r")
    assert type_in(checkout, "12", "Hi")[1] == "o/r#12 github.com"


def test_partial_clone_is_a_checkout(type_in: Run, checkout: Checkout) -> None:
    """What git adds to the address of a partial clone's remote is no part of it."""
    checkout.git("config", "remote.origin.promisor", "true")
    checkout.git("config", "remote.origin.partialclonefilter", "blob:none")
    assert type_in(checkout, "12", "Hi")[1] == "octo-org/site#12 github.com"


def test_remote_without_an_address_is_passed_over(type_in: Run, checkout: Checkout) -> None:
    """A remote of which only other settings are known names no repository."""
    checkout.git("config", "remote.a.prune", "true")
    assert type_in(checkout, "12", "Hi")[1] == "octo-org/site#12 github.com"


def test_git_is_asked_twice_however_many_remotes(
    type_in: Run, checkout: Checkout, directory: Path
) -> None:
    """For the repository, two processes of git are started, whatever the number of remotes."""
    for name in ("a", "b", "c"):
        checkout.git("remote", "add", name, SITE)
    trace = directory / "trace"
    assert type_in(checkout, "12", "Hi", GIT_TRACE=f"{trace}")[0] == 0
    assert trace.read_text().count("built-in: git") == 2


def test_worktree_with_a_detached_head_is_a_checkout(type_in: Run, checkout: Checkout) -> None:
    """Neither a branch nor a directory .git is needed."""
    beside = checkout.path.with_name("beside")
    checkout.git("worktree", "add", "--quiet", "--detach", str(beside))
    below = beside / "below"
    below.mkdir()
    queued = type_in(checkout, "12", "Hi", directory=below)[1]
    assert queued == "octo-org/site#12 github.com"


@pytest.mark.parametrize(("words", "variables"), [(["-R", "o/r"], {}), ([], {"GH_REPO": "o/r"})])
def test_git_is_not_asked_for_a_named_repository(
    type_in: Run, checkout: Checkout, words: list[str], variables: dict[str, str]
) -> None:
    """With -R or GH_REPO, no checkout is needed, and no git."""
    nowhere = {"PATH": "/nonexistent", **variables}
    done = type_in(checkout, *words, "12", "Hi", directory=checkout.path.parent, **nowhere)
    assert done[:2] == (0, "o/r#12 None")


def test_outside_a_checkout_git_says_so(type_in: Run, checkout: Checkout) -> None:
    """The message is git's, and says what to add."""
    status, queued, said = type_in(checkout, "12", "Hi", directory=checkout.path.parent)
    assert (status, queued) == (2, "")
    assert "add -R OWNER/REPO" in said
    assert "\nfatal: not a git repository" in said


def test_foreign_checkout_is_refused_by_git(type_in: Run, checkout: Checkout) -> None:
    """Where git does not trust the owner of a checkout, its own advice is shown."""
    different = {"GIT_TEST_ASSUME_DIFFERENT_OWNER": "1"}
    status, queued, said = type_in(checkout, "12", "Hi", **different)
    assert (status, queued) == (2, "")
    assert "dubious ownership" in said
    assert "git config --global --add safe.directory" in said


@pytest.mark.parametrize(
    ("remotes", "told"),
    [
        ({"origin": "/srv/site.git"}, "origin is not on a forge"),
        ({"origin": "git@github.com:o/r.wiki.git"}, "origin is a wiki"),
        ({}, "this checkout has no remote"),
    ],
)
def test_checkout_of_no_repository_is_refused(
    type_in: Run, directory: Path, remotes: dict[str, str], told: str
) -> None:
    """The message says what each remote is."""
    status, queued, said = type_in(Checkout(directory / "site", **remotes), "12", "Hi")
    assert (status, queued) == (2, "")
    assert told in said


def test_remote_on_another_host_is_refused_by_the_daemon(directory: Path) -> None:
    """What is written in a company's checkout does not appear on github.com."""
    checkout = Checkout(directory / "site", origin="git@git.example.org:o/r.git")
    with serving(directory / "c.sock", host="github.com") as served:
        env = environment(served.path, **checkout.variables)
        done = run("12", "Hi", env=env, directory=checkout.path)
        assert (done.returncode, served.store.pending()) == (1, [])
    assert "git.example.org" in done.stderr


def test_daemons_host_decides_between_hosts(directory: Path, checkout: Checkout) -> None:
    """A mirror elsewhere is no candidate."""
    checkout.git("remote", "add", "mirror", "git@git.example.org:octo-org/site.git")
    with serving(directory / "c.sock", host="git.example.org") as served:
        env = environment(served.path, **checkout.variables)
        assert run("12", "Hi", env=env, directory=checkout.path).returncode == 0
        (job,) = served.store.pending()
    assert job.asked.host == "git.example.org"


def _follow(checkout: Checkout, remote: str, ref: str) -> None:
    checkout.git("config", "branch.main.remote", remote)
    checkout.git("config", "branch.main.merge", ref)


def _event(directory: Path, event: object) -> dict[str, str]:
    file = directory / "event.json"
    file.write_text(json.dumps(event))
    return {"GITHUB_EVENT_PATH": str(file)}


PULL = {"html_url": "https://github.com/o/r/pull/7"}


def test_branch_knows_its_pull_request(type_in: Run, checkout: Checkout) -> None:
    """What gh pr checkout has noted for the branch decides, also between several remotes."""
    checkout.git("remote", "add", "fork", FORK)
    _follow(checkout, "origin", "refs/pull/7/head")
    assert type_in(checkout, "-b", "Hi")[:2] == (0, "octo-org/site#7 github.com")


def test_branch_may_follow_an_address(type_in: Run, checkout: Checkout) -> None:
    """A branch's pull request is in the repository that the branch follows."""
    _follow(checkout, FORK, "refs/pull/7/head")
    assert type_in(checkout, "-b", "Hi")[:2] == (0, "ada/site#7 github.com")


@pytest.mark.parametrize(
    "event", [{"pull_request": PULL}, {"issue": {"number": 7, "pull_request": PULL}}]
)
def test_event_of_a_workflow_knows_its_pull_request(
    type_in: Run, checkout: Checkout, directory: Path, event: object
) -> None:
    """In GitHub Actions, it is the one of the event: of a pull request, or of a comment on it."""
    variables = _event(directory, event) | {"GITHUB_REF": "refs/heads/main"}
    assert type_in(checkout, "-b", "Hi", **variables)[:2] == (0, "o/r#7 github.com")


def test_reference_of_a_workflow_knows_its_pull_request(type_in: Run, checkout: Checkout) -> None:
    """The reference alone is enough, and a file holds the comment."""
    variables = {
        "GITHUB_REF": "refs/pull/7/merge",
        "GITHUB_REPOSITORY": "o/r",
        "GITHUB_SERVER_URL": "https://github.com",
    }
    (checkout.path / "review.md").write_text("Hi")
    assert type_in(checkout, "-F", "review.md", **variables)[:2] == (0, "o/r#7 github.com")


def test_two_pull_requests_are_refused_with_their_names(
    type_in: Run, checkout: Checkout, directory: Path
) -> None:
    """Where branch and workflow disagree, nothing is queued."""
    _follow(checkout, "origin", "refs/pull/8/head")
    status, queued, said = type_in(
        checkout, "-b", "Hi", **_event(directory, {"pull_request": PULL})
    )
    assert (status, queued) == (2, "")
    assert "github.com/o/r#7" in said
    assert "github.com/octo-org/site#8" in said


def test_pull_request_outside_gh_repo_is_refused(type_in: Run, checkout: Checkout) -> None:
    """GH_REPO and the branch's pull request have to agree."""
    _follow(checkout, "origin", "refs/pull/7/head")
    assert type_in(checkout, "-b", "Hi", GH_REPO="o/r")[:2] == (2, "")
    assert type_in(checkout, "-b", "Hi", GH_REPO="octo-org/site")[0] == 0


def _path_with(directory: Path, **programs: str) -> str:
    """A PATH with git, and with these shell scripts."""
    (directory / "bin").mkdir()
    (directory / "bin" / "git").symlink_to(str(shutil.which("git")))
    for name, script in programs.items():
        file = directory / "bin" / name
        file.write_text(f"#!/bin/sh\n{script}\n")
        file.chmod(0o755)
    return f"{directory / 'bin'}"


def test_gh_is_asked_for_the_number(type_in: Run, checkout: Checkout, directory: Path) -> None:
    """It is asked about the checkout's repository, and answers with the address."""
    reply = json.dumps({"number": 7, "url": "https://github.com/octo-org/site/pull/7"})
    script = f"echo \"$GH_REPO $*\" > asked; echo '{reply}'"
    path = _path_with(directory, gh=script)
    status, queued, _ = type_in(checkout, "-b", "Hi", PATH=path)
    assert (status, queued) == (0, "octo-org/site#7 github.com")
    asked = (checkout.path / "asked").read_text()
    assert asked == "github.com/octo-org/site pr view --json number,url\n"


@pytest.mark.parametrize(
    ("programs", "told"),
    [
        ({}, "there is no gh to ask"),
        (
            {"gh": "echo no pull requests found >&2; exit 1"},
            "\ngh pr view says:\nno pull requests found\n",
        ),
        ({"gh": "echo hello"}, "what gh answers is no pull request"),
    ],
)
def test_unknown_number_is_a_usage_error(
    type_in: Run, checkout: Checkout, directory: Path, programs: dict[str, str], told: str
) -> None:
    """Without gh, or if it knows none, the message says how to name the pull request."""
    path = _path_with(directory, **programs)
    status, queued, said = type_in(checkout, "-b", "Hi", PATH=path)
    assert (status, queued) == (2, "")
    assert told in said
    assert "comenq NUMBER" in said


urls = st.sampled_from([SITE, FORK, "git@git.example.org:octo-org/site.git", "/srv/x", "gh:x"])
remotes = st.lists(
    st.builds(Remote, st.sampled_from("abc"), urls, st.sampled_from(["", "", "base", "top/x"]))
)


@given(remotes, st.sampled_from(["github.com", "git.example.org", ""]))
def test_one_repository_or_a_refusal(found: list[Remote], host: str) -> None:
    """Whatever the remotes are, in whatever order, there is one answer or a usage error."""

    def answer(remotes: list[Remote]) -> object:
        try:
            return repository_of(remotes, lambda: host)
        except UsageError:
            return None

    assert answer(found) == answer(found[::-1])
