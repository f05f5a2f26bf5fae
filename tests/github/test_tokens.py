"""Where tokens come from, and which sources are refused."""

import os
import shlex
import stat
import sys
from pathlib import Path

import pytest

from comenq_core.errors import SettingsError
from comenq_core.settings import Secret, Settings
from comenq_plugins.github import comenq_posters, make_posters
from comenq_plugins.github.accounts import token_sources
from comenq_plugins.github.auth import tokens
from comenq_plugins.github.auth.tokens import CommandToken, FileToken, FixedToken
from comenq_plugins.github.http.responses import Reply
from tests.spool.children import needs_root

CANARY = "ghp_canary0123456789"


def private(path: Path, text: str | bytes = CANARY, mode: int = 0o600) -> str:
    """Write a file with a mode, and give its path."""
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    path.chmod(mode)
    return str(path)


def printing(text: str, *, status: int = 0) -> str:
    """A command that prints a text, and ends with a status."""
    program = f"import sys; print({text!r}); print({CANARY!r}, file=sys.stderr); sys.exit({status})"
    return shlex.join([sys.executable, "-c", program])


def test_offered() -> None:
    """The plugin offers its poster under the name github."""
    assert comenq_posters() == {"github": make_posters}


@pytest.mark.parametrize("end", ["", "\n", "\r\n", "\n\n"])
def test_file(tmp_path: Path, end: str) -> None:
    """A token file is read without the newline at its end."""
    assert FileToken(private(tmp_path / "token", CANARY + end)).current() == CANARY


@pytest.mark.parametrize("mode", [0o604, 0o660, 0o620, 0o650, 0o601, 0o644])
def test_file_that_others_reach(tmp_path: Path, mode: int) -> None:
    """A token file that others may use is refused, with the mode and the command that helps."""
    path = private(tmp_path / "token", mode=mode)
    with pytest.raises(SettingsError, match=f"mode {mode:04o}.*chmod 600 {path}"):
        FileToken(path).current()


def test_remedy_fits_where_the_daemon_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The way to mend a Secret's mode is told in Kubernetes, and nowhere else."""
    token = FileToken(private(tmp_path / "token", mode=0o644))
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    with pytest.raises(SettingsError, match=r"chmod 600 [^;]*$"):
        token.current()
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")
    with pytest.raises(SettingsError, match="give the Secret defaultMode: 0440, and fsGroup"):
        token.current()


@pytest.mark.parametrize("mode", [0o440, 0o640])
def test_file_for_the_group_of_the_daemon(tmp_path: Path, mode: int) -> None:
    """What root or the daemon's user lets the daemon's own group read is taken."""
    assert FileToken(private(tmp_path / "token", CANARY, mode=mode)).current() == CANARY


@needs_root
@pytest.mark.parametrize(("owner", "group"), [(0, 12345), (12345, 0)])
def test_file_for_another_group(tmp_path: Path, owner: int, group: int) -> None:
    """A group of which the daemon is no member may not read it, nor may a stranger say who may."""
    path = private(tmp_path / "token", mode=0o440)
    os.chown(path, owner, group)
    with pytest.raises(SettingsError, match="mode 0440"):
        FileToken(path).current()


@pytest.mark.parametrize(
    ("contents", "reason"),
    [
        (b"", "holds no token"),
        (b"\n", "holds no token"),
        (b"two words", "character that no token has"),
        (b"two\nlines", "character that no token has"),
        (b" leading", "character that no token has"),
        (b"n\xc3\xb6n-ascii", "character that no token has"),
        (b"\xff\xfe", "character that no token has"),
        (b"a\x00b", "character that no token has"),
        (b"x" * 65_537, "longer than 65536 bytes"),
    ],
    ids=["empty", "newline", "space", "lines", "leading", "umlaut", "bytes", "nul", "long"],
)
def test_file_without_token(tmp_path: Path, contents: bytes, reason: str) -> None:
    """A file that holds no token is refused, with the reason, and without what it holds."""
    path = private(tmp_path / "token", contents)
    with pytest.raises(SettingsError, match=reason) as refused:
        FileToken(path).current()
    assert path in str(refused.value)
    assert "two" not in str(refused.value).replace("two-", "")


def test_longest_file(tmp_path: Path) -> None:
    """64 KiB are not too long."""
    assert FileToken(private(tmp_path / "token", b"x" * 65_536)).current() == "x" * 65_536


def test_file_away(tmp_path: Path) -> None:
    """A file that is not there is refused by its name."""
    with pytest.raises(SettingsError, match=r"away: cannot be read: No such file or directory$"):
        FileToken(str(tmp_path / "away")).current()


def test_fifo(tmp_path: Path) -> None:
    """A FIFO is refused at once, although it has no writer."""
    path = tmp_path / "fifo"
    os.mkfifo(path, 0o600)
    with pytest.raises(SettingsError, match="not a regular file"):
        FileToken(str(path)).current()


def test_credentials_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A credential of systemd's is found, although its ACL shows as a mode that others may use."""
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    path = private(tmp_path / "github_token", mode=0o440)
    assert stat.S_IMODE(Path(path).stat().st_mode) == 0o440
    assert FileToken("${CREDENTIALS_DIRECTORY}/github_token").current() == CANARY


def test_no_credentials_directory() -> None:
    """Without systemd, the message says who would have set the directory."""
    with pytest.raises(SettingsError, match="CREDENTIALS_DIRECTORY is not set; systemd"):
        FileToken("${CREDENTIALS_DIRECTORY}/github_token").current()


def test_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A path may begin with the user's home."""
    monkeypatch.setenv("HOME", str(tmp_path))
    private(tmp_path / "token")
    assert FileToken("~/token").current() == CANARY


def test_file_is_read_again(tmp_path: Path) -> None:
    """A changed file gives the new token and another fingerprint, an unchanged one the same."""
    source = FileToken(private(tmp_path / "token", "first"))
    first = source.fingerprint()
    assert source.fingerprint() == first
    private(tmp_path / "token", "second")
    assert source.current() == "second"
    assert source.fingerprint() != first


def test_fingerprint_of_nothing(tmp_path: Path) -> None:
    """A file that cannot be read has a fingerprint too, which differs from any token's."""
    source = FileToken(private(tmp_path / "token"))
    before = source.fingerprint()
    (tmp_path / "token").unlink()
    assert source.fingerprint() not in {"", before}


def test_fingerprint_gives_nothing_away() -> None:
    """A fingerprint is short, and holds nothing of the token."""
    shown = FixedToken(CANARY, "here").fingerprint()
    assert len(shown) == 12
    assert shown not in CANARY
    assert shown != FixedToken(CANARY + "x", "here").fingerprint()


def test_command() -> None:
    """A command's output is the token, without the newline and without its error output."""
    assert CommandToken(printing("from-command")).current() == "from-command"


UNAUTHORIZED = Reply(status=401, headers={}, body=b'{"message": "Bad credentials"}')


class Minutes:
    """A clock that a test moves, for how often a command is run."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        """The seconds."""
        return 60 * self.now


@pytest.fixture
def minutes(monkeypatch: pytest.MonkeyPatch) -> Minutes:
    """The clock of token commands."""
    clock = Minutes()
    monkeypatch.setattr(tokens, "since_boot", clock)
    return clock


def test_command_is_run_once_a_minute(tmp_path: Path, minutes: Minutes) -> None:
    """A command is not run again within a minute, even if its token was refused."""
    count = tmp_path / "count"
    source = CommandToken(shlex.join(["sh", "-c", f"echo x >> {count}; echo token"]))
    for _ in range(3):
        assert not source.rejected(source.current(), UNAUTHORIZED)
        source.fingerprint()
    assert count.read_text() == "x\n"
    minutes.now = 1.1
    source.current()
    assert count.read_text() == "x\nx\n"


def runs(tmp_path: Path, minutes: Minutes, length: int, *, are_rejected: bool) -> list[int]:
    """The minutes in which a command runs that prints another token each time."""
    count = tmp_path / "count"
    source = CommandToken(shlex.join(["sh", "-c", f"echo x >> {count}; wc -c < {count}"]))
    seen: dict[str, int] = {}
    for minute in range(length):
        minutes.now = minute * 1.01
        token = source.current()
        seen.setdefault(token, minute)
        if are_rejected:
            source.rejected(token, UNAUTHORIZED)
    return list(seen.values())


def test_command_whose_tokens_are_rejected(tmp_path: Path, minutes: Minutes) -> None:
    """Token after token that is rejected leads to a lock-out: they are used ever more rarely."""
    assert runs(tmp_path, minutes, 250, are_rejected=True) == [
        0,
        1,
        3,
        7,
        15,
        31,
        63,
        123,
        183,
        243,
    ]


def test_command_with_short_tokens(tmp_path: Path, minutes: Minutes) -> None:
    """A command that prints another good token each time is run each minute."""
    assert runs(tmp_path, minutes, 5, are_rejected=False) == list(range(5))


def test_command_that_prints_its_rejected_token_again(tmp_path: Path, minutes: Minutes) -> None:
    """A token that stays the same is no new attempt, and the next one is noticed in a minute."""
    place = tmp_path / "token"
    place.write_text("bad")
    source = CommandToken(shlex.join(["cat", str(place)]))
    for minute in range(5):
        minutes.now = minute * 1.01
        source.rejected(source.current(), UNAUTHORIZED)
    place.write_text("good")
    minutes.now += 1.01
    assert source.current() == "good"


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        ("/nowhere/gh auth token", "no such command"),
        ("/ auth token", "no such command"),
        (printing("token", status=3), "exit status 3"),
        (printing(""), "holds no token"),
        (printing("two\nlines"), "character that no token has"),
        ("printf '\\377\\376'", "character that no token has"),
        ("'unbalanced", "No closing quotation"),
        (" ", "found nothing"),
    ],
    ids=["away", "directory", "failed", "empty", "lines", "bytes", "quotes", "blank"],
)
def test_command_that_fails(command: str, reason: str) -> None:
    """A command that gives no token is refused, and nothing that it printed is shown."""
    with pytest.raises(SettingsError, match=reason) as refused:
        CommandToken(command).current()
    assert CANARY not in str(refused.value)


def test_command_that_fails_is_not_run_for_each_question(tmp_path: Path) -> None:
    """The worker asks several times a step, and a command may take long to fail."""
    count = tmp_path / "count"
    source = CommandToken(shlex.join(["sh", "-c", f"echo x >> {count}; exit 3"]))
    for _ in range(3):
        with pytest.raises(SettingsError, match="exit status 3"):
            source.current()
    assert source.fingerprint() == "unreadable"
    assert count.read_text() == "x\n"


def test_command_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    """A command that takes too long is ended."""
    monkeypatch.setattr(tokens, "COMMAND_SECONDS", 0.2)
    with pytest.raises(SettingsError, match=r"takes longer than 0\.2 s"):
        CommandToken(shlex.join([sys.executable, "-c", "import signal; signal.pause()"])).current()


def test_rejected_file_is_not_tried_again(tmp_path: Path) -> None:
    """A token that was replaced at this moment may be another account's: the next attempt's."""
    source = FileToken(private(tmp_path / "token", "first"))
    private(tmp_path / "token", "second")
    assert not source.rejected("first", UNAUTHORIZED)


def test_no_source() -> None:
    """Without a token, the message names every way to give one."""
    with pytest.raises(SettingsError, match=r"github_token, github_token_file.*app_id"):
        token_sources(Settings())


def test_two_sources(tmp_path: Path) -> None:
    """With two sources, the message names both, and neither is preferred."""
    settings = Settings(github_token=Secret(CANARY), github_token_file=private(tmp_path / "token"))
    with pytest.raises(SettingsError, match="found github_token and github_token_file") as refused:
        token_sources(settings)
    assert CANARY not in str(refused.value)


def test_same_token_twice(tmp_path: Path) -> None:
    """One token in two files is refused: one account would post at the pace of two."""
    paths = (private(tmp_path / "one"), private(tmp_path / "two"))
    with pytest.raises(SettingsError, match=r"two: holds the same token as .*one") as refused:
        token_sources(Settings(github_token_files=paths))
    assert CANARY not in str(refused.value)


def test_bad_token_in_settings() -> None:
    """A token that cannot stand in a header is refused without being shown."""
    with pytest.raises(SettingsError, match="github_token: ") as refused:
        token_sources(Settings(github_token=Secret(f"{CANARY}\n{CANARY}")))
    assert CANARY not in str(refused.value)


def test_bad_file_stops_the_start(tmp_path: Path) -> None:
    """A token file that cannot be used is an error at the start, not at the first comment."""
    with pytest.raises(SettingsError, match="mode 0644"):
        make_posters(Settings(github_token_file=private(tmp_path / "token", mode=0o644)))


def test_contact_in_plain_ascii() -> None:
    """A contact that cannot stand in a header is refused."""
    tables = {"github": {"contact": "née\n"}}
    with pytest.raises(SettingsError, match="contact"):
        make_posters(Settings(github_token=Secret(CANARY), tables=tables))
