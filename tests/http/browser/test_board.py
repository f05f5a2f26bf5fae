"""What the page shows, and what its buttons do."""

from __future__ import annotations

import re
from dataclasses import replace

from playwright.sync_api import expect

from comenq_core.model import Origin, State
from comenq_core.model.access import Scope
from tests.http.browser.scenes import REVIEW, Scene
from tests.http.browser.visitor import Visitor


def test_it_says_what_the_queue_waits_for_and_counts_down(scene: Scene, visitor: Visitor) -> None:
    """The first thing to read is the next post, its reason and the time that is left."""
    scene.cool(754)
    scene.put("One")
    page = visitor.log_in()
    state = page.get_by_role("region", name="Next comment")
    expect(state).to_contain_text("Waits for the cooldown between two comments.")
    count = page.locator("#countdown")
    expect(count).to_have_text(re.compile("^12:[0-5][0-9]$"))
    before = count.inner_text()
    expect(count).not_to_have_text(before)


def test_what_needs_a_person_comes_first(scene: Scene, visitor: Visitor) -> None:
    """Unconfirmed and failed comments stand before the queue, with their reasons."""
    scene.put("One")
    scene.lose()
    scene.fail("the pull request is locked")
    page = visitor.log_in()
    titles = page.get_by_role("heading", level=2).all_inner_texts()
    assert [title.split()[0] for title in titles[:3]] == ["Unconfirmed", "Failed", "Queue"]
    expect(page.locator("#failed")).to_contain_text("the pull request is locked")
    expect(page.locator("#unconfirmed")).to_contain_text("another comment there has the same text")


def test_an_empty_queue_needs_nobody(visitor: Visitor) -> None:
    """With nothing to do, the page says so, and has no list of troubles."""
    page = visitor.log_in()
    expect(page.get_by_role("heading", level=1)).to_have_text("Nothing waits")
    expect(page.locator(".attention")).to_have_count(0)


def test_a_failed_comment_is_tried_again(scene: Scene, visitor: Visitor) -> None:
    """The button Retry lets it wait again."""
    job_id = scene.fail()
    page = visitor.log_in()
    page.locator("#failed").get_by_role("button", name="Retry").click()
    expect(page.locator("#notice")).to_contain_text("waits again")
    expect(visitor.job(job_id)).to_be_visible()
    assert scene.store.get(job_id).state is State.WAITING


def test_a_failed_comment_is_seen(scene: Scene, visitor: Visitor) -> None:
    """The button that says so counts it as seen."""
    scene.fail()
    page = visitor.log_in()
    page.get_by_role("button", name="Mark as seen").click()
    expect(page.get_by_role("button", name="Mark as seen")).to_have_count(0)
    assert scene.store.counts().unseen == 0


def test_a_person_says_that_a_comment_is_posted(scene: Scene, visitor: Visitor) -> None:
    """The address of the only candidate is there already, and is what counts."""
    job_id = scene.lose()
    page = visitor.log_in()
    page.get_by_role("button", name="It is posted").click()
    expect(page.locator("#notice")).to_contain_text("counts as posted")
    job = scene.store.get(job_id)
    assert (job.state, job.url.endswith("#issuecomment-7")) == (State.POSTED, True)


def test_a_person_says_that_a_comment_is_not_posted(scene: Scene, visitor: Visitor) -> None:
    """It waits again."""
    job_id = scene.lose()
    page = visitor.log_in()
    page.get_by_role("button", name="It is not posted").click()
    expect(page.locator("#notice")).to_contain_text("waits again")
    assert scene.store.get(job_id).state is State.WAITING


def test_a_wrong_address_of_a_comment_is_refused(scene: Scene, visitor: Visitor) -> None:
    """The page says why, and the comment stays unconfirmed."""
    job_id = scene.lose()
    page = visitor.log_in()
    page.get_by_label("The address of the comment").fill("https://github.com/other/one/pull/1")
    page.get_by_role("button", name="It is posted").click()
    expect(page.locator("#notice .fault")).to_be_visible()
    assert scene.store.get(job_id).state is State.UNCONFIRMED


def test_a_comment_of_the_queue(scene: Scene, visitor: Visitor) -> None:
    """It has a link to its pull request, its first line, and unfolds to its text and its origin."""
    (job,) = scene.put("First line\n\nand more", pr_number=7)
    page = visitor.log_in()
    row = visitor.job(job.id)
    link = row.get_by_role("link", name="octo-org/site#7", exact=True)
    expect(link).to_have_attribute("href", "https://github.com/octo-org/site/pull/7")
    expect(row.locator(".chip")).to_have_text("waiting")
    expect(row.locator(".when")).to_have_text("now")
    expect(row.get_by_text("and more")).to_be_hidden()
    row.get_by_text("First line").first.click()
    expect(row.get_by_text("and more")).to_be_visible()
    expect(row).to_contain_text("token ci")
    assert visitor.errors == []
    assert page.url == visitor.served.url


def test_the_order_of_the_queue_is_changed(scene: Scene, visitor: Visitor) -> None:
    """The buttons First and Last move a comment to either end."""
    jobs = scene.put("One", "Two", "Three")
    page = visitor.log_in()
    titles = page.locator("#queue .title")
    visitor.job(jobs[1].id).locator("summary").click()
    visitor.job(jobs[1].id).get_by_role("button", name="First").click()
    expect(titles).to_have_text(["Two", "One", "Three"])
    visitor.job(jobs[1].id).get_by_role("button", name="Last").click()
    expect(titles).to_have_text(["One", "Three", "Two"])


def test_a_comment_is_held_edited_and_released(scene: Scene, visitor: Visitor) -> None:
    """It moves to the held ones; its text is changed there byte for byte; it moves back."""
    (job,) = scene.put("\nOne\n\n  two\n")
    page = visitor.log_in()
    visitor.job(job.id).locator("summary").click()
    visitor.job(job.id).get_by_role("button", name="Hold").click()
    held = visitor.job(job.id, "held")
    held.get_by_role("link", name="Edit").click()
    page.get_by_label("Text").press("Control+End")
    page.get_by_label("Text").press_sequentially("three")
    page.get_by_role("button", name="Save").click()
    assert scene.store.get(job.id).asked.body == "\nOne\n\n  two\nthree"
    held.get_by_role("button", name="Release").click()
    expect(visitor.job(job.id)).to_be_visible()
    assert scene.store.get(job.id).state is State.WAITING


def test_a_text_that_was_edited_meanwhile_is_not_overwritten(
    scene: Scene, visitor: Visitor
) -> None:
    """The form says so, and keeps what was typed."""
    (job,) = scene.put("One", hold=True)
    page = visitor.log_in()
    page.get_by_role("link", name="Edit").click()
    page.get_by_label("Text").fill("Mine")
    scene.store.edit(scene.store.get(job.id), replace(job.asked, body="Theirs"))
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("was changed since it was read")
    expect(page.get_by_label("Text")).to_have_value("Mine")
    assert scene.store.get(job.id).asked.body == "Theirs"


def test_deleting_asks_first(scene: Scene, visitor: Visitor) -> None:
    """Only the second button deletes, and the history can give the comment back."""
    (job,) = scene.put("One", hold=True)
    page = visitor.log_in()
    page.get_by_role("link", name="Delete").click()
    page.get_by_role("button", name="Keep it").click()
    expect(page.get_by_role("dialog")).to_be_hidden()
    page.get_by_role("link", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    gone = visitor.job(job.id, "history")
    expect(gone.locator(".chip")).to_have_text("deleted")
    assert scene.store.get(job.id).state is State.DELETED
    gone.locator("summary").click()
    gone.get_by_role("button", name="Restore").click()
    expect(visitor.job(job.id, "held")).to_be_visible()


def test_the_lanes_of_reviewers(scene: Scene, visitor: Visitor) -> None:
    """A limited and a blocked lane say so with their reasons, and a person opens them."""
    job, blocked = scene.put(REVIEW, "@copilot")
    scene.limit()
    page = visitor.log_in()
    lanes = page.locator("#lanes")
    expect(lanes).to_contain_text("Next review available in 50 minutes")
    expect(lanes).to_contain_text("until a person opens it")
    expect(visitor.job(job.id)).to_contain_text("coderabbit is limited until")
    expect(visitor.job(blocked.id)).to_contain_text("so long that a person has to decide")
    expect(page.get_by_role("region", name="Next comment")).to_contain_text("coderabbit")
    lanes.get_by_role("button", name="Open the lane copilot octo-org").click()
    expect(page.locator("#notice")).to_contain_text("The lane is open.")
    expect(lanes.get_by_role("button")).to_have_count(1)


def test_the_history_is_newest_first_with_links(scene: Scene, visitor: Visitor) -> None:
    """Each comment that was posted leads to where it is."""
    scene.put("Older", "Newer", pr_number=7)
    for _ in range(2):
        scene.finish()
    page = visitor.log_in()
    expect(page.locator("#history .title")).to_have_text(["Newer", "Older"])
    link = page.locator("#history").get_by_role("link", name="comment on octo-org/site#7").first
    expect(link).to_have_attribute("href", re.compile("^https://github.com/.*#issuecomment-"))


def test_the_last_weeks_are_drawn(scene: Scene, visitor: Visitor) -> None:
    """The plot is an image of the server's, and the same numbers are in a table."""
    scene.past(20)
    scene.put("One")
    page = visitor.log_in()
    plot = page.get_by_role("img", name="Comments that were posted")
    plot.scroll_into_view_if_needed()
    plot.evaluate("image => image.decode()")
    page.get_by_role("link", name="The same in numbers").click()
    rows = page.get_by_role("row").all_inner_texts()
    assert rows[0].split() == ["Day", "Posted", "Refused", "Waiting"]
    assert rows[1].split()[1:] == ["0", "0", "1"]
    assert sum(int(row.split()[1]) for row in rows[1:]) == scene.store.counts().posted
    assert visitor.errors == []


def test_the_queue_is_paused_with_a_reason_and_resumed(scene: Scene, visitor: Visitor) -> None:
    """The reason is what everybody sees until somebody resumes it."""
    page = visitor.log_in()
    page.get_by_text("Pause the queue").click()
    page.get_by_label("Reason").fill("the release is under way")
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Paused")
    expect(page.locator(".state")).to_contain_text("the release is under way")
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Nothing waits")
    assert scene.store.paused() is None


def test_who_may_only_read_sees_no_button(scene: Scene, visitor: Visitor) -> None:
    """A token of the scope read shows everything, and changes nothing."""
    scene.put("One")
    scene.lose()
    scene.fail()
    page = visitor.log_in(Scope.READ)
    expect(page.get_by_role("main").locator("button, .button")).to_have_count(0)
    expect(page.get_by_role("link", name="Queue a comment")).to_have_count(0)
    expect(page.get_by_role("main").locator("form")).to_have_count(0)


def test_who_may_queue_changes_its_own_comments_alone(scene: Scene, visitor: Visitor) -> None:
    """A token of the scope queue has buttons at what was queued with it; no other form works."""
    (own,) = scene.put("Own", origin=Origin(intake="http", token="queue"), hold=True)
    (other,) = scene.put("Other", origin=Origin(intake="http", token="ci"), hold=True)
    page = visitor.log_in(Scope.QUEUE)
    expect(visitor.job(other.id, "held").get_by_role("button")).to_have_count(0)
    visitor.job(own.id, "held").get_by_role("button", name="Release").click()
    expect(visitor.job(own.id)).to_be_visible()
    forged = page.request.post(
        f"{visitor.served.url}jobs/{other.id}/release", form={}, headers={"Origin": page.url[:-1]}
    )
    assert forged.status == 403
    assert scene.store.get(other.id).state is State.HELD


def test_a_comment_is_queued_with_the_page(scene: Scene, visitor: Visitor) -> None:
    """A token of the scope queue has a form for that, and no other; a mistake loses no text."""
    page = visitor.log_in(Scope.QUEUE)
    expect(page.get_by_role("main").locator("form")).to_have_count(0)
    page.get_by_role("link", name="Queue a comment").click()
    page.get_by_label("Pull request").fill("octo-org")
    page.get_by_label("Text").fill("One\ntwo")
    page.get_by_role("button", name="Queue it").click()
    expect(page.get_by_role("alert")).to_contain_text("OWNER/REPO#NUMBER")
    expect(page.get_by_label("Text")).to_have_value("One\ntwo")
    page.get_by_label("Pull request").fill("https://github.com/octo-org/site/pull/7/files")
    page.get_by_role("button", name="Queue it").click()
    expect(page.locator("#notice")).to_contain_text("The comment is queued.")
    (job,) = scene.store.pending()
    assert (job.asked.target, job.asked.body) == ("octo-org/site#7", "One\ntwo")
    assert job.origin.token == "queue"
