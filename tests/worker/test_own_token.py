"""The daemon's own token is never posted."""

from __future__ import annotations

from pathlib import Path

import pytest

from comenq_core.model import State
from comenq_core.settings import Secret
from tests.worker.rig import rig
from tests.worker.test_tokens import private

OWN, NEW = "ghp_own_canary_1", "ghp_new_canary_2"


@pytest.mark.parametrize("hold_secrets", [True, False])
def test_a_comment_with_the_daemons_token_fails(
    tmp_path: Path, hold_secrets: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """It has failed with a reason, its text is kept, the next is posted, and no log has it."""
    with rig(tmp_path, github_token=Secret(OWN), hold_secrets=hold_secrets) as one:
        job, other = one.put(f"It is {OWN}."), one.put("other")
        one.run()
        assert one.bodies == ["other"]
        failed = one.job(job)
        assert (failed.state, failed.asked.body) == (State.FAILED, f"It is {OWN}.")
        assert "has the token of the account default in it" in failed.reason
        assert OWN not in failed.reason + str(failed.attempts) + caplog.text
        assert one.job(other).state is State.POSTED


def test_a_token_that_was_replaced_is_not_posted_either(tmp_path: Path) -> None:
    """Neither the token of now nor one that the worker has used before."""
    file = tmp_path / "token"
    private(file, OWN)
    with rig(tmp_path, github_token=None, github_token_file=str(file)) as one:
        one.put("first")
        one.run()
        private(file, NEW)
        jobs = [one.put(f"old: {OWN}"), one.put(f"new: {NEW}")]
        one.run_for(10_000)
        assert one.bodies == ["first"]
        assert [one.job(job).state for job in jobs] == [State.FAILED, State.FAILED]


def test_the_token_of_another_account_is_not_posted(tmp_path: Path) -> None:
    """All accounts' tokens are looked for, not only that of the account which would post."""
    files = []
    for name, token in (("one", OWN), ("two", NEW)):
        private(tmp_path / name, token)
        files.append(str(tmp_path / name))
    with rig(tmp_path, github_token=None, github_token_files=tuple(files)) as both:
        jobs = [both.put(OWN), both.put(NEW), both.put(f"{OWN} again"), both.put(f"{NEW} again")]
        both.run_for(10_000)
        assert both.bodies == []
        assert {both.job(job).state for job in jobs} == {State.FAILED}
