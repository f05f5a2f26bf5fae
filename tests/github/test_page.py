"""Every rule in docs/github.md and docs/tokens.md has its tests, by the row of its table."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests import test_serving as serving
from tests.github import test_accounts as accounts
from tests.github import test_app as app
from tests.github import test_lookup as lookup
from tests.github import test_matching as matching
from tests.github import test_poster as poster
from tests.github import test_responses as responses
from tests.worker import test_checking as checking
from tests.worker import test_conduct as conduct
from tests.worker import test_evidence as evidence
from tests.worker import test_outages as outages
from tests.worker import test_pauses_end as pauses_end
from tests.worker import test_politeness as politeness
from tests.worker import test_right_account as right_account
from tests.worker import test_unclear_refusals as unclear_refusals
from tests.worker import test_whose_fault as whose_fault

DOCS = Path(__file__).parents[2] / "docs"
PAGES = "".join((DOCS / name).read_text("utf-8") for name in ("github.md", "tokens.md"))
TABLE = re.compile(
    r"^\| (?P<title>[^|]+) \| comenq \| you \|\n\|[-| ]+\n(?P<rows>(?:\|.+\n)+)", re.MULTILINE
)
ROW = re.compile(r"^\| (.+?) \| .+ \| .+ \|$", re.MULTILINE)

Tests = Mapping[str, tuple[Callable[..., None], ...]]

RESPONSES: Tests = {
    "**201** with the comment's id and address": (
        responses.test_created,
        responses.test_whose_and_when,
        conduct.test_201_is_posted_with_its_receipt,
    ),
    "**201** whose body is lost, with a comment's address in `Location`": (
        responses.test_created_with_location,
        evidence.test_a_201_whose_body_is_lost_is_a_post,
    ),
    "any other **201**": (
        responses.test_created_without_proof,
        responses.test_created_elsewhere,
        evidence.test_a_201_that_names_no_comment_is_never_posted_again,
    ),
    "any other **2xx** or **3xx**": (
        responses.test_other_success,
        conduct.test_a_success_without_a_comment_is_no_receipt,
    ),
    "**301, 302, 307, 308** on the same scheme, host and port": (
        conduct.test_a_redirect_within_the_host_is_posted_again,
        poster.test_one_issue_moves_alone,
    ),
    "a redirect to anywhere else, such as a login page, or more than three in a row": (
        conduct.test_the_token_never_follows_a_redirect_to_another_host,
        conduct.test_a_redirect_loop_ends,
    ),
    "**401** in the API's JSON": (
        responses.test_unauthorized,
        pauses_end.test_one_wrong_401_costs_an_hour_at_most,
        pauses_end.test_a_token_that_stays_bad_is_asked_about_once_an_hour,
        conduct.test_after_401_the_operator_can_resume,
    ),
    "**403 or 429 with `Retry-After`**": (
        conduct.test_retry_after_in_seconds_stops_the_whole_queue,
        conduct.test_retry_after_as_a_date_stops_the_whole_queue,
    ),
    "**403 or 429 with `x-ratelimit-remaining: 0`**": (
        conduct.test_an_exhausted_primary_limit_waits_for_its_reset,
    ),
    "**429** otherwise; **403, 422 or 429** that speak of a rate limit, abuse detection, comments"
    ' "submitted too quickly", or too many logins, in JSON, HTML or plain text; a reset that is'
    " over": (
        responses.test_limits_by_text,
        responses.test_limits_in_pages,
        responses.test_reset_in_the_past,
        conduct.test_a_secondary_limit_without_a_time_doubles_from_a_minute,
        politeness.test_a_limit_that_comes_as_a_page_is_a_limit,
    ),
    "a limit again, right after the wait for the last one": (
        politeness.test_the_same_limit_again_and_again_makes_requests_rare,
    ),
    "a `Retry-After` that cannot be read": (conduct.test_a_malformed_retry_after_is_a_minute,),
    "a wait of more than 24 hours": (conduct.test_an_absurd_retry_after_is_a_day,),
    '**403** "issue is locked", "archived so is read-only", "access blocked"; **451**': (
        responses.test_refused,
        whose_fault.test_what_one_target_gets_ends_its_comments_and_nothing_else,
    ),
    "**410**; **422** about the text": (
        responses.test_refused,
        conduct.test_a_refused_job_fails_and_the_next_is_posted,
    ),
    "**404** in the API's JSON": (
        right_account.test_another_account_posts_it,
        whose_fault.test_a_pull_request_that_is_seconds_old_is_attempted_again,
        whose_fault.test_a_pull_request_that_is_not_there_fails_its_comments_alone,
    ),
    '**403** "not accessible by …", SAML, OAuth App restrictions, "must have admin rights", a'
    " blocked user, limited interactions": (
        responses.test_refused,
        responses.test_single_sign_on,
        right_account.test_three_that_no_account_may_write_are_the_accounts_fault,
        whose_fault.test_the_address_that_mends_a_refusal_is_in_the_reason,
        whose_fault.test_the_permission_that_is_missing_is_in_the_reason,
    ),
    "**403** that the installation or the account is suspended or flagged, that an IP allow list"
    " forbids it, or that an e-mail address is not verified": (
        responses.test_refused,
        whose_fault.test_what_every_comment_gets_costs_none_its_place,
        whose_fault.test_what_every_comment_gets_is_asked_for_once_an_hour,
    ),
    "any other **4xx** in the API's JSON: the words are in no table": (
        responses.test_refused,
        unclear_refusals.test_one_that_gets_them_alone_waits_and_stops_no_other,
        unclear_refusals.test_one_that_gets_the_same_words_an_hour_later_fails,
        unclear_refusals.test_three_in_a_row_stop_the_account,
        unclear_refusals.test_after_three_one_that_is_taken_lets_all_go_on,
    ),
    "a **4xx** that names the API's version, the `User-Agent` or the `Accept` header": (
        responses.test_refused,
        whose_fault.test_what_every_comment_gets_costs_none_its_place,
    ),
    "a **4xx** that is not the API's JSON, also a 401 or a 404": (
        responses.test_not_the_api,
        conduct.test_a_refusal_by_a_proxy_is_no_verdict,
        pauses_end.test_a_401_of_a_proxy_rejects_no_credential,
    ),
    "**413** that is not the API's JSON": (responses.test_too_large_for_a_proxy,),
    "**407**": (conduct.test_a_proxy_that_wants_a_password_is_asked_again_later,),
    "**5xx**, **408**, no answer in time, a connection that breaks after the request may have"
    " gone out": (
        responses.test_unknown,
        checking.test_an_ambiguous_answer_gives_one_comment,
        checking.test_a_timeout_after_acceptance_gives_one_comment,
    ),
    "the same for several posts in a row": (
        outages.test_an_outage_of_all_writes_gives_up_nothing,
        outages.test_in_an_outage_a_question_comes_before_the_next_post,
        outages.test_flush_ends_a_back_off,
    ),
    "**5xx** with `Retry-After`": (
        checking.test_a_forge_that_is_down_until_later_is_asked_nothing_before,
    ),
    "the question of `--if-open` fails: **5xx**, no answer, nonsense": (
        poster.test_unknown_state_is_this_pull_requests,
        whose_fault.test_a_question_about_one_pull_request_that_fails_stops_no_other,
    ),
    "connection refused, unknown host, failed TLS handshake, proxy away": (
        conduct.test_a_forge_that_is_not_there_is_asked_again_later,
        outages.test_a_refused_connection_costs_no_cooldown,
    ),
    "anything that repeats the token": (
        responses.test_secret_is_not_shown,
        responses.test_secret_that_is_a_word,
        responses.test_secret_in_an_address,
        whose_fault.test_a_token_that_is_a_word_of_the_answer_is_no_obstacle,
        whose_fault.test_a_comment_that_holds_the_token_is_never_posted_twice,
    ),
}
LOOK_UPS: Tests = {
    "the marker `<!-- comenq:ID -->`, whatever became of the text around it": (
        matching.test_marked,
        evidence.test_a_marker_is_found_whatever_the_text_became,
    ),
    "the same text, by a login that made an attempt. Line ends, blanks at the ends of lines and of"
    " the text, and the last newline do not count": (
        matching.test_same_text,
        lookup.test_equal_text_comes_first,
        evidence.test_line_ends_and_blanks_make_no_other_text,
        evidence.test_a_comment_is_found_by_the_login_that_posted_it,
    ),
    "the same or a similar text, where it is not known by which login comenq posted": (
        matching.test_unknown_account,
        matching.test_attempt_without_a_login,
        lookup.test_attempt_without_a_login,
        evidence.test_a_comment_by_nobody_knows_whom_is_no_proof,
    ),
    "a similar text by that login: with a footer, with longer references, with a ticked box, edited"
    " in part, cut off. Three of five words are the same": (
        matching.test_similar_text,
        evidence.test_a_text_that_comes_near_is_shown_to_a_person,
    ),
    "the same text by anybody else": (
        matching.test_another_account,
        checking.test_somebody_elses_equal_comment_is_not_ours,
    ),
    "a comment of another job, or one that this job posted before": (
        matching.test_known,
        lookup.test_own_earlier_comment_is_not_it,
        evidence.test_the_comment_of_an_equal_job_is_no_proof,
    ),
    "a comment older than the attempt, give or take half a minute and the difference to GitHub's"
    " clock": (
        matching.test_time_decides,
        lookup.test_clock_is_known_only_from_the_answer,
    ),
    "a next page at another host, or none although the page is full": (
        lookup.test_pages_are_counted,
        evidence.test_pages_are_counted_where_the_link_leads_elsewhere,
    ),
    "no list: an error, nonsense, pages in a circle": (
        lookup.test_unreadable_member,
        lookup.test_pages_in_a_circle,
        lookup.test_other_refusals_of_a_listing,
        checking.test_no_post_while_the_listing_fails,
    ),
    "**410**, or **404** twice, five minutes apart": (
        lookup.test_pull_request_is_gone,
        evidence.test_a_pull_request_that_is_gone_ends_the_look_up,
        evidence.test_a_pull_request_that_is_missing_twice_ends_the_look_up,
        evidence.test_a_pull_request_that_is_missing_once_is_no_end,
    ),
    "nothing like it": (
        matching.test_other_text,
        checking.test_each_attempt_has_two_look_ups_of_its_own,
    ),
}
ACCOUNTS: Tests = {
    "the account has `for`": (
        accounts.test_whom_an_account_serves,
        right_account.test_an_account_posts_only_where_it_is_for,
    ),
    "`comenq put --as NAME`": (right_account.test_a_request_chooses_its_account,),
    "no account is for the repository, or there is none of that name": (
        serving.test_what_nobody_serves,
        right_account.test_a_comment_that_nobody_serves_fails,
    ),
    "an App without `app_installation_id`": (
        app.test_each_owners_installation_is_found,
        pauses_end.test_an_app_is_installed_at_two_owners,
    ),
    "the App is not installed at an owner's, or is suspended there": (
        app.test_owner_without_installation,
        app.test_one_owner_suspends_the_app,
    ),
    "two tokens of one login": (politeness.test_two_tokens_of_one_login_are_one_account,),
    "GitHub rejects an App's signed request, and its `Date` shows that the machine's clock is"
    " wrong": (
        app.test_clock_that_is_wrong,
        pauses_end.test_an_app_goes_by_the_clock_of_the_forge,
    ),
}
TABLES = {
    "GitHub answers": RESPONSES,
    "the look-up finds": LOOK_UPS,
    "the situation": ACCOUNTS,
}


def rows() -> Mapping[str, list[str]]:
    """The first cells of each table's rows, by the first cell of its header."""
    tables = TABLE.finditer(PAGES)
    return {table["title"]: ROW.findall(table["rows"]) for table in tables}


def test_every_table_has_its_tests() -> None:
    """The tables that say what comenq does, and what an operator does, are those named here."""
    assert list(rows()) == list(TABLES)


@pytest.mark.parametrize("title", TABLES)
def test_every_row_has_its_tests(title: str) -> None:
    """The rows of a table are those that have tests here, in the same order."""
    assert rows()[title] == list(TABLES[title])
    assert all(TABLES[title].values())
