"""Comments with a credential: what is one, and what becomes of the comment."""

from __future__ import annotations

import string
from contextlib import closing
from pathlib import Path

import pytest

from comenq_core.errors import WrongState
from comenq_core.listener.queue import JobQueue
from comenq_core.model import BODY_LIMIT, Change, CommentRequest, Failed, NewJob, Origin, State
from comenq_core.policy.credentials import FORMS, credential_in, with_article
from comenq_core.policy.pacing import PacingPolicy
from comenq_core.settings import Settings
from comenq_core.testing.clock import FakeClock
from comenq_core.testing.memory_store import MemoryStore
from comenq_plugins.spool import open_spool
from tests.socket.attempts import ATTEMPT

PACE = PacingPolicy(cooldown=900, jitter=0, attempt_limit=30)
ME = Origin(intake="test", uid=1000)
RANDOM = (string.ascii_letters + string.digits) * 4
HEX = "0123456789abcdef" * 4
# In parts, so that no scanner takes this file for a leak.
GITHUB = "ghp_" + "zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ" + "0mLq17"
CLAIMS = "eyJ" + "pYXQiOjE3OTYwNDE4MDAsImlzcyI6IjEyMzQ1NiJ9"
WEB = "eyJ" + "hbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9." + CLAIMS + "." + RANDOM[:200]
CREDENTIALS = {
    "classic": ("GitHub token", GITHUB),
    "App's": ("GitHub token", GITHUB.replace("ghp", "ghs")),
    "App's, since 2026": ("GitHub token", "ghs_" + "123456_" + WEB),
    "web token": ("web token", WEB),
    "AWS's id": ("AWS access key", "AKIA" + RANDOM[26:42].upper()),
    "fine-grained": ("GitHub token", "github_pat_" + RANDOM[:22] + "_" + RANDOM[:59]),
    "GitLab": ("GitLab token", "glpat-" + RANDOM[:20]),
    **{
        f"GitLab's {begin}": ("GitLab token", begin + RANDOM[:20])
        for begin in ("gldt-", "glrt-", "glptt-", "glcbt-", "gloas-", "glsoat-")
    },
    "AWS": ("AWS secret key", 'AWS_SECRET_ACCESS_KEY = "' + RANDOM[:38] + '/+"'),
    "Slack": ("Slack token", "xoxb-" + "1234567890-" + RANDOM[:24]),
    "Slack, in a browser": ("Slack token", "xoxs-" + "1234567890-" * 3 + HEX[:32]),
    "Slack, refreshed": ("Slack token", "xoxe-" + "1-" + RANDOM[:146]),
    "Slack, rotated": ("Slack token", "xoxe.xoxp-" + "1-" + RANDOM[:163]),
    "Slack webhook": (
        "Slack webhook",
        "https://hooks.slack.com/services/" + "T0123ABCD/B0123ABCD/" + RANDOM[:24],
    ),
    "Stripe": ("Stripe key", "sk_live_" + RANDOM[:24]),
    "OpenAI": ("OpenAI key", "sk-proj-" + RANDOM[:30] + "T3BlbkFJ" + RANDOM[:30]),
    "OpenAI, earlier": ("OpenAI key", "sk-" + RANDOM[:20] + "T3BlbkFJ" + RANDOM[:20]),
    "Anthropic": ("Anthropic key", "sk-ant-api03-" + RANDOM[:95]),
    "npm": ("npm token", GITHUB.replace("ghp", "npm")),
    "PyPI": ("PyPI token", "pypi-AgEIcHlwaS5vcmc" + RANDOM[:60]),
    "Google": ("Google API key", "AIza" + RANDOM[:35]),
    "Google client": ("Google client secret", "GOCSPX-" + RANDOM[:28]),
    "SendGrid": ("SendGrid key", "SG." + RANDOM[:22] + "." + RANDOM[:43]),
    "Hugging Face": ("Hugging Face token", "hf_" + RANDOM[:34]),
    "DigitalOcean": ("DigitalOcean token", "dop_v1_" + HEX[:64]),
    "DigitalOcean, OAuth": ("DigitalOcean token", "doo_v1_" + HEX[:64]),
    "DigitalOcean, to refresh": ("DigitalOcean token", "dor_v1_" + HEX[:64]),
    "Docker": ("Docker token", "dckr_pat_" + RANDOM[:27]),
    "Docker, of an organization": ("Docker token", "dckr_oat_" + RANDOM[:32]),
    **{
        f"Shopify's {begin}": ("Shopify token", begin + HEX[:32])
        for begin in ("shpat_", "shpca_", "shppa_", "shpss_")
    },
    "Grafana": ("Grafana token", "glsa_" + RANDOM[:32] + "_" + HEX[:8]),
    "Vault": ("Vault token", "hvs." + RANDOM[:95]),
    "age": ("age key", "AGE-SECRET-KEY-1" + RANDOM[:58].upper()),
    "RubyGems": ("RubyGems key", "rubygems_" + HEX[:48]),
    "Linear": ("Linear key", "lin_api_" + RANDOM[:40]),
    "New Relic": ("New Relic key", "NRAK-" + RANDOM[:27].upper()),
    "comenq": ("comenq token", "comenq_" + RANDOM[:43]),
    "private key": ("private key", "-----BEGIN RSA PRIVATE KEY-----\n" + RANDOM[:64]),
    "in a quotation": ("private key", "> -----BEGIN PRIVATE KEY-----\n> " + RANDOM[:64]),
    "in JSON": ("private key", r"-----BEGIN PRIVATE KEY-----\n" + RANDOM[:64]),
}
HARMLESS = {
    "another checksum": GITHUB[:-1] + "8",
    "a placeholder": "ghp_" + "x" * 36,
    "a placeholder after a long beginning": "dckr_pat_" + "x" * 27,
    "another one": "github_pat_" + "x" * 22 + "_" + "x" * 59,
    "part of a word": f"x{GITHUB}",
    "longer": f"{GITHUB}0",
    "longer after a hyphen": "comenq_" + RANDOM[:43] + "-and-more",
    "the documentation's web token": WEB.replace(
        CLAIMS, "eyJ" + "zdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwiaWF0IjoxNTE2MjM5MDIyfQ"
    ),
    "a web token's claims": f"{CLAIMS}.{CLAIMS}.{RANDOM[:200]}",
    "no web token": "eyJ" + "hbGciO!." + CLAIMS + "." + RANDOM[:200],
    "AWS's example of an id": "AKIA" + "IOSFODNN7EXAMPLE",
    "AWS's example": "aws_secret_access_key=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "a webhook's place": "https://hooks.slack.com/services/T00000000/B00000000/" + "X" * 24,
    "a name of comenq's": "comenq_" + "the_number_of_comments_in_the_queue_by_states"[:43],
    "shorter": "glsoat-short, NRAK-" + RANDOM[:26].upper() + " and hvs." + RANDOM[:40],
    "not hexadecimal": "shpat_" + RANDOM[:32] + " rubygems_" + RANDOM[:48],
    "a hash": "da39a3ee5e6b4b0d3255bfef95601890afd80709",
    "a UUID": "123e4567-e89b-12d3-a456-426614174000",
    "a name": "sk-learn and xoxb-bot, npm_config_registry, glpat-token",
    "a key without its text": "-----BEGIN PRIVATE KEY-----\n(not shown)",
    "a public key": "-----BEGIN PUBLIC KEY-----\n" + RANDOM[:64],
    "a base64 text": RANDOM,
}
# What begins like a credential again and again: the worst case of each form.
REPEATED = list(dict.fromkeys(begin for form in FORMS for begin in form.begins))


@pytest.mark.parametrize(("kind", "text"), CREDENTIALS.values(), ids=CREDENTIALS)
def test_a_credential_is_found(kind: str, text: str) -> None:
    """Wherever it stands in a comment, it is found and called by its kind."""
    assert credential_in(text) == kind
    assert credential_in(f"Use `{text}`, please.\n" * 2) == kind
    assert credential_in(f"_{text}_ or __{text}__") == kind or kind == "AWS secret key"
    assert credential_in("é" * 1_000 + f"\nkey={text}") == kind or kind == "AWS secret key"


@pytest.mark.parametrize(
    "before", [r"\n", r"\r", r"\t", r"\x1b[0m", "\x1b[1;31m", r"\u003e", r"\u003D", "%3D", r"\\n"]
)
@pytest.mark.parametrize("after", [r"\n", r"\u003c", "%0A", "\x1b[0m"])
def test_a_credential_is_found_between_escapes(before: str, after: str) -> None:
    """JSON, a log or an address that is pasted as text ends its escapes in letters and digits."""
    assert credential_in(f"log: token={before}{GITHUB}{after}") == "GitHub token"


def test_a_key_in_json_in_a_string_is_found() -> None:
    """Its quotation marks are escaped."""
    text = r"{\"SecretAccessKey\": \"%s\"}" % (RANDOM[:38] + "/+")
    assert credential_in(text) == "AWS secret key"


@pytest.mark.parametrize("text", HARMLESS.values(), ids=HARMLESS)
def test_what_is_no_credential_is_none(text: str) -> None:
    """What only looks like one, or stands for one, is let through."""
    assert credential_in(text) == ""


@pytest.mark.parametrize("begin", REPEATED)
@pytest.mark.parametrize(
    "filler",
    ["", *(pytest.param(text, marks=pytest.mark.full) for text in ("a", " a", " " + "a1b2" * 60))],
)
def test_no_text_takes_long(begin: str, filler: str) -> None:
    """The longest comment, made of beginnings of one form, is read through; it ends."""
    part = f"{begin}{filler}"
    credential_in((part * (BODY_LIMIT // len(part) + 1))[:BODY_LIMIT])


def submit(queue: JobQueue, body: str, **options: bool) -> State:
    """Queue a comment; its state."""
    request = CommentRequest(owner="o", repo="r", pr_number=1, body=body, key="k")
    return queue.submit_all([NewJob(request=request, origin=ME, **options)])[0].job.state


def test_it_is_held_and_told_and_posted_once_released() -> None:
    """The answer, the list and the job say of what kind it is, and never what it is."""
    store = MemoryStore(FakeClock())
    queue = JobQueue(store, PACE)
    request = CommentRequest(owner="o", repo="r", pr_number=1, body=GITHUB)
    entry = queue.submit(request, ME)
    assert (entry.job.state, entry.job.reason) == (State.HELD, "has a GitHub token")
    assert queue.show(entry.job.id).job.reason == "has a GitHub token"
    assert [one.job.reason for one in queue.pending()] == ["has a GitHub token"]
    listed = queue.pending_in("o/r", 9)
    assert [one and one.job.reason for one in listed] == ["has a GitHub token"]
    released = queue.change(entry.job.id, Change.RELEASE, ME).job
    assert (released.state, released.reason) == (State.WAITING, "")


def test_an_edit_or_a_replacement_is_held_as_well() -> None:
    """A comment that waits is held as soon as it is to have a credential."""
    for change in ("edit", "replace"):
        store = MemoryStore(FakeClock())
        queue = JobQueue(store, PACE)
        assert submit(queue, "text") is State.WAITING
        (job,) = store.pending()
        if change == "edit":
            assert queue.edit(job.id, GITHUB, ME).job.state is State.HELD
        else:
            assert submit(queue, GITHUB, replace=True) is State.HELD
        assert store.get(job.id).asked.body == GITHUB


def test_the_setting_switches_it_off() -> None:
    """With ``hold_secrets = false``, such a comment waits like any other, and nothing is told."""
    queue = JobQueue(MemoryStore(FakeClock()), PACE, hold_secrets=False)
    assert submit(queue, GITHUB) is State.WAITING
    (entry,) = queue.pending()
    assert queue.change(entry.job.id, Change.HOLD, ME).job.reason == ""


@pytest.mark.parametrize(("is_on", "state"), [(True, State.HELD), (False, State.WAITING)])
def test_a_dropped_file_is_held(tmp_path: Path, is_on: bool, state: State) -> None:
    """The spool looks at dropped files as the listener does at requests."""
    settings = Settings(queue_path=tmp_path / "spool", hold_secrets=is_on)
    with closing(open_spool(settings)) as store, store.lock():
        draft = tmp_path / "draft"
        draft.write_text(f'{{"owner":"o","repo":"r","pr_number":1,"body":"{GITHUB}"}}')
        draft.rename(tmp_path / "spool" / "new" / "drop.json")
        store.housekeep()
        assert [job.state for job in store.pending()] == [state]


def test_a_deleted_comment_with_a_credential_stays_deleted_unless_it_was_held() -> None:
    """To restore it would let it wait, though it was released; alone or among others."""
    queue = JobQueue(MemoryStore(FakeClock()), PACE)
    job = queue.submit(CommentRequest(owner="o", repo="r", pr_number=1, body=GITHUB), ME).job
    for change in (Change.CANCEL, Change.UNDELETE):
        queue.change(job.id, change, ME)
    assert queue.show(job.id).job.state is State.HELD
    for change in (Change.RELEASE, Change.CANCEL):
        queue.change(job.id, change, ME)
    with pytest.raises(WrongState, match="has a GitHub token, and would be posted"):
        queue.change(job.id, Change.UNDELETE, ME)
    (refused,) = queue.change_all([(job.id, ME)], Change.UNDELETE)
    assert isinstance(refused, WrongState)


def test_a_comment_with_a_credential_that_failed_stays_failed() -> None:
    """Neither a retry nor the word that it is not posted lets it go, though it was released."""
    store = MemoryStore(FakeClock())
    queue = JobQueue(store, PACE)
    job = queue.submit(CommentRequest(owner="o", repo="r", pr_number=1, body=GITHUB), ME).job
    queue.change(job.id, Change.RELEASE, ME)
    store.record_target(job.id, Failed(reason="no pull request"), ATTEMPT)
    with pytest.raises(WrongState, match="would be posted: delete it, and queue the comment again"):
        queue.change(job.id, Change.RETRY, ME)
    with pytest.raises(WrongState, match="has a GitHub token, and would be posted"):
        queue.resolve(job.id, None, ME)
    assert store.get(job.id).state is State.FAILED


@pytest.mark.parametrize(
    ("kind", "shown"),
    [
        ("GitHub token", "a GitHub token"),
        ("AWS access key", "an AWS access key"),
        ("npm token", "an npm token"),
    ],
)
def test_its_kind_stands_in_a_sentence(kind: str, shown: str) -> None:
    """With the article that it is spoken with."""
    assert with_article(kind) == shown


def test_each_form_has_an_example() -> None:
    """What nobody has tried might find nothing: each beginning but variants of one stands above."""
    texts = " ".join(text for _, text in CREDENTIALS.values())
    assert [form.name for form in FORMS if not any(b in texts for b in form.begins)] == []
