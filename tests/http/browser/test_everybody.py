"""The page for everybody: without a script, with keys alone, on a small screen, in the dark."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from comenq_core.model import State
from tests.http.browser.scenes import REVIEW, TEXTS, Scene
from tests.http.browser.serving import Served
from tests.http.browser.visitor import Visitor, visiting

CONTRAST = """
() => {
  const canvas = document.createElement("canvas").getContext("2d");
  const rgb = (colour) => {
    canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const light = ([red, green, blue]) => [red, green, blue]
    .map((part) => (part /= 255) <= .04045 ? part / 12.92 : ((part + .055) / 1.055) ** 2.4)
    .reduce((sum, part, index) => sum + part * [.2126, .7152, .0722][index], 0);
  const ground = (one) => {
    for (let at = one; at; at = at.parentElement) {
      const colour = rgb(getComputedStyle(at).backgroundColor);
      if (colour[3] === 255) return colour;
    }
    return [255, 255, 255];
  };
  const weak = [];
  for (const one of document.querySelectorAll("body *")) {
    const says = [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (!says || !one.checkVisibility()) continue;
    const [a, b] = [light(rgb(getComputedStyle(one).color)), light(ground(one))];
    const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    if (ratio < 4.5) weak.push(`${one.localName}.${one.className} ${ratio.toFixed(2)}`);
  }
  return weak;
}
"""
"""What is shown with less contrast than WCAG 2.2 wants of level AA, 4.5 to 1."""


def fill(scene: Scene) -> None:
    """Put something into every part of the page."""
    scene.past(3)
    scene.put(*TEXTS[:2], REVIEW, "W" * 500)
    scene.put("Held", hold=True)
    scene.lose()
    scene.fail("averylongreason" * 20)
    scene.limit()
    scene.cool()


def is_too_wide(page: Page) -> bool:
    """Whether the page scrolls sideways."""
    root = "document.documentElement"
    return bool(page.evaluate(f"{root}.scrollWidth > {root}.clientWidth"))


@pytest.fixture
def plain(browser: Browser, served: Served) -> Iterator[Visitor]:
    """A visitor whose browser runs no script."""
    with visiting(browser, served, java_script_enabled=False) as visit:
        yield visit


def test_without_a_script_times_are_in_utc(scene: Scene, plain: Visitor) -> None:
    """The next post is named by its instant, in words."""
    scene.cool()
    scene.put("One")
    page = plain.log_in()
    expect(page.locator(".next time")).to_contain_text("UTC")
    expect(page.locator("#countdown")).to_be_hidden()


def test_without_a_script_every_button_works(scene: Scene, plain: Visitor) -> None:
    """A comment is held, released, and deleted once a page of its own has asked; then a pause."""
    (job,) = scene.put("One")
    page = plain.log_in()
    row = plain.job(job.id)
    row.locator("summary").click()
    row.get_by_role("button", name="Hold").click()
    expect(page.locator("#notice")).to_contain_text("The comment is held")
    page.get_by_role("button", name="Release").click()
    plain.job(job.id).locator("summary").click()
    plain.job(job.id).get_by_role("link", name="Delete").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Delete this comment?")
    page.get_by_role("button", name="Delete").click()
    expect(page.locator("#history .chip")).to_have_text("deleted")
    assert scene.store.get(job.id).state is State.DELETED
    page.get_by_text("Pause the queue").click()
    page.get_by_label("Reason").fill("because")
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Paused")


def test_without_a_script_a_refusal_is_a_page(scene: Scene, plain: Visitor) -> None:
    """What cannot be done is said, with a way back."""
    (job,) = scene.put("One")
    page = plain.log_in()
    plain.job(job.id).locator("summary").click()
    scene.finish()
    plain.job(job.id).get_by_role("button", name="Hold").click()
    expect(page.locator(".fault")).to_contain_text("only a job that is waiting")
    page.get_by_role("link", name="Back to the queue").click()
    expect(page.locator("main[data-board]")).to_be_visible()


def test_without_a_script_lists_have_parts(scene: Scene, plain: Visitor) -> None:
    """A change returns to the part of the list that was shown."""
    scene.put(*[f"Number {number}" for number in range(1, 46)])
    page = plain.log_in()
    page.get_by_role("link", name="More").click()
    expect(page.locator("#queue .title").first).to_have_text("Number 21")
    page.locator("#queue summary").first.click()
    page.locator("#queue").get_by_role("button", name="Hold").first.click()
    expect(page.locator("#queue .title").first).to_have_text("Number 22")
    page.locator("#queue").get_by_role("link", name="Back").click()
    expect(page.locator("#queue .title").first).to_have_text("Number 1")


def test_a_comment_is_held_with_keys_alone(scene: Scene, visitor: Visitor) -> None:
    """The first key leads past the header; the order is that of the page; the focus is seen."""
    scene.put("One")
    page = visitor.log_in()
    page.goto(visitor.served.url)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    for wanted in ("site#", "Pause the queue", "site#"):
        page.keyboard.press("Tab")
        expect(page.locator(":focus")).to_contain_text(wanted)
        assert (
            page.locator(":focus").evaluate("one => getComputedStyle(one).outlineStyle") != "none"
        )
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    for _ in range(4):
        page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_contain_text("Hold")
    page.keyboard.press("Enter")
    expect(page.locator("#held .title")).to_have_text("One")
    expect(page.locator("#notice")).to_be_focused()


def test_the_question_before_deleting_is_answered_with_keys(scene: Scene, visitor: Visitor) -> None:
    """It begins with the harmless answer, and the focus returns where it was."""
    scene.put("One", hold=True)
    page = visitor.log_in()
    delete = page.get_by_role("link", name="Delete")
    delete.press("Enter")
    expect(page.get_by_role("button", name="Keep it")).to_be_focused()
    page.keyboard.press("Escape")
    expect(delete).to_be_focused()
    delete.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#history .chip")).to_have_text("deleted")


def test_it_fits_on_a_small_screen(browser: Browser, served: Served, scene: Scene) -> None:
    """At 320 pixels nothing is cut off and nothing scrolls sideways, whatever is unfolded."""
    fill(scene)
    with visiting(browser, served, viewport={"width": 320, "height": 640}) as visitor:
        page = visitor.log_in()
        assert not is_too_wide(page)
        page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        assert not is_too_wide(page)
        for path in (f"jobs/{scene.store.pending(limit=1)[0].id}", "new", "weeks", "login"):
            page.goto(f"{served.url}{path}")
            assert not is_too_wide(page), path


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_can_be_read(
    browser: Browser, served: Served, scene: Scene, scheme: str
) -> None:
    """Contrast is that of WCAG's level AA, in the light and in the dark."""
    fill(scene)
    with visiting(browser, served, color_scheme=scheme) as visitor:
        page = visitor.log_in()
        page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        assert page.evaluate(CONTRAST) == []
        light = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert light == {"light": "rgb(246, 247, 248)", "dark": "rgb(17, 19, 22)"}[scheme]
        page.goto(f"{served.url}jobs/{scene.store.pending(limit=1)[0].id}")
        assert page.evaluate(CONTRAST) == []


def test_a_text_runs_in_its_own_direction(scene: Scene, visitor: Visitor) -> None:
    """Hebrew begins at the right, where a line that is too long keeps its beginning."""
    (job, _) = scene.put("שלום " * 60, "Hello " * 60)
    page = visitor.log_in()
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    direction = "all => all.map(one => getComputedStyle(one).direction)"
    for part in ("#queue .title", "#queue .text"):
        assert page.locator(part).evaluate_all(direction) == ["rtl", "ltr"], part
    for path, part in (("", ".text"), ("/edit", "textarea"), ("/delete", ".text")):
        page.goto(f"{visitor.served.url}jobs/{job.id}{path}")
        assert page.locator(part).evaluate_all(direction) == ["rtl"], path


def test_every_field_and_button_has_a_name(scene: Scene, visitor: Visitor) -> None:
    """What a screen reader reads tells each button's comment, and titles are in order."""
    fill(scene)
    page = visitor.log_in()
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    names = (
        page.get_by_role("main")
        .get_by_role("button")
        .evaluate_all("all => all.filter(one => !one.textContent.trim()).length")
    )
    assert names == 0
    for field in page.locator("main input:not([type=hidden])").all():
        assert field.evaluate("one => one.labels.length") == 1
    expect(page.get_by_role("button", name="Hold octo-org/site#").first).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_have_count(1)
    assert page.locator("html").get_attribute("lang") == "en"
    ids = page.locator("[id]").evaluate_all("all => all.map(one => one.id)")
    assert len(ids) == len(set(ids))
