"""Every row of the table in docs/github.md has its tests."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.worker import test_checking as checking
from tests.worker import test_conduct as conduct

PAGE = Path(__file__).parents[2] / "docs" / "github.md"
ROW = re.compile(r"^\| (.+?) \| .+ \| .+ \|$", re.MULTILINE)

TESTS: Mapping[str, tuple[Callable[..., None], ...]] = {
    "**201** with the comment's id and address": (conduct.test_201_is_posted_with_its_receipt,),
    "any other 2xx, or a 201 that cannot be read": (
        conduct.test_a_success_without_a_comment_is_no_receipt,
    ),
    "**301, 302, 307, 308** on the same scheme, host and port": (
        conduct.test_a_redirect_within_the_host_is_posted_again,
    ),
    "a redirect to anywhere else, or more than three in a row": (
        conduct.test_the_token_never_follows_a_redirect_to_another_host,
        conduct.test_a_redirect_loop_ends,
    ),
    '**401**, or 403 "account was suspended"': (
        conduct.test_what_stops_an_account_is_asked_about_once_an_hour,
        conduct.test_after_401_the_operator_can_resume,
    ),
    "**403 or 429 with `Retry-After`**": (
        conduct.test_retry_after_in_seconds_stops_the_whole_queue,
        conduct.test_retry_after_as_a_date_stops_the_whole_queue,
    ),
    "**403 or 429 with `x-ratelimit-remaining: 0`**": (
        conduct.test_an_exhausted_primary_limit_waits_for_its_reset,
        conduct.test_a_reset_in_the_past_is_no_negative_wait,
    ),
    "**429** otherwise; **403 or 422** that speak of a secondary rate limit, abuse detection,"
    ' comments "submitted too quickly", or too many logins': (
        conduct.test_a_secondary_limit_without_a_time_doubles_from_a_minute,
    ),
    "a `Retry-After` that cannot be read": (conduct.test_a_malformed_retry_after_is_a_minute,),
    "a wait of more than 24 hours": (conduct.test_an_absurd_retry_after_is_a_day,),
    '**403** "issue is locked"': (conduct.test_a_refused_job_fails_and_the_next_is_posted,),
    '**403** "not accessible by …"': (
        conduct.test_a_refused_job_fails_and_the_next_is_posted,
        conduct.test_a_missing_permission_is_named,
    ),
    "**404**": (conduct.test_a_refused_job_fails_and_the_next_is_posted,),
    "**410**, **422**, other **4xx** in JSON": (
        conduct.test_a_refused_job_fails_and_the_next_is_posted,
    ),
    "a 4xx that is not JSON (but 404, 410 and 422)": (
        conduct.test_a_refusal_by_a_proxy_is_no_verdict,
    ),
    "**407**": (conduct.test_a_proxy_that_wants_a_password_is_asked_again_later,),
    "**5xx**, **408**, no answer in time, a connection that breaks after the request may have"
    " gone out": (
        checking.test_an_ambiguous_answer_gives_one_comment,
        checking.test_a_timeout_after_acceptance_gives_one_comment,
    ),
    "**5xx** with `Retry-After`": (
        checking.test_a_forge_that_is_down_until_later_is_asked_nothing_before,
    ),
    "connection refused, unknown host, failed TLS handshake, proxy away": (
        conduct.test_a_forge_that_is_not_there_is_asked_again_later,
    ),
}


def test_every_row_has_its_tests() -> None:
    """The rows of the table are those that have tests here, in the same order."""
    _, _, table = PAGE.read_text().partition("## Responses")
    header, *rows = ROW.findall(table.partition("\n## ")[0])

    assert header == "GitHub answers"
    assert [row for row in rows if row != "---"] == list(TESTS)
