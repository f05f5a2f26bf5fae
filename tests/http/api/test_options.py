"""The table [http]: what it may say, and what is said of a mistake."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from comenq_core.errors import SettingsError
from comenq_core.settings import Settings
from comenq_plugins.http.intake import make_intake
from comenq_plugins.http.options import Options, Tcp, options_of


def read(**table: Any) -> Options:
    """The options that a table asks for."""
    return options_of(Settings(queue_path=Path("/queue"), tables={"http": table}))


def test_by_default_only_this_machine_is_served() -> None:
    """Without any option, it listens on a port of the loopback, with tokens beside the queue."""
    options = read()
    assert options.listen == Tcp("127.0.0.1", 8730)
    assert options.tokens_file == Path("/queue/http_tokens")
    assert options.allowed_hosts(8730) == {"127.0.0.1:8730", "localhost:8730"}


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"listen": "8730"}, "http.listen: expected an IP address and a port"),
        ({"listen": "localhost:8730"}, "http.listen: expected an IP address"),
        ({"listen": "127.0.0.1:65536"}, "http.listen: expected an IP address"),
        ({"listen": "1.2.3:80"}, "http.listen: expected an IP address"),
        ({"listen": "unix:run/http.sock"}, "an absolute path"),
        ({"listen": "0.0.0.0:8730"}, "trusted_proxy = true"),
        ({"listen": "[::]:8730"}, "trusted_proxy = true"),
        ({"listen": "192.0.2.1:8730"}, "plain http shows tokens"),
        ({"listen": "unix:/run/x.sock"}, "http.url: needed with listen = unix:PATH"),
        ({"url": "example.org"}, "http.url: expected an address"),
        ({"url": "https://example.org/?a"}, "http.url: expected an address"),
        ({"url": "https://user@example.org"}, "http.url: expected an address"),
        ({"hosts": ["https://example.org"]}, "http.hosts: expected names"),
        ({"hosts": ["*"]}, "http.hosts: expected names"),
        ({"group": "www-data"}, "http.group: only a Unix socket"),
        ({"lisen": "127.0.0.1:1"}, "listen"),
        ({"trusted_proxy": "yes"}, "trusted_proxy"),
        ({"hosts": "example.org"}, "hosts"),
    ],
)
def test_a_mistake_is_told(table: dict[str, Any], said: str) -> None:
    """A wrong option is an error that names it and says what was expected."""
    with pytest.raises(SettingsError) as caught:
        read(**table)
    assert said in str(caught.value)


def test_another_address_needs_a_proxy() -> None:
    """Behind a proxy that is the only one to connect, any address may be listened on."""
    options = read(listen="[::]:8730", trusted_proxy=True, url="https://Example.org/q/")
    assert options.listen == Tcp("::", 8730)
    assert options.prefix == "/q"
    assert options.is_secure
    assert "example.org" in options.allowed_hosts(8730)


@pytest.mark.parametrize(
    ("listen", "port", "hosts"),
    [
        ("127.0.0.1:80", 80, {"127.0.0.1", "127.0.0.1:80", "localhost", "localhost:80"}),
        ("[::1]:8730", 8730, {"[::1]:8730", "localhost:8730"}),
        ("127.0.0.2:0", 5000, {"127.0.0.2:5000", "localhost:5000"}),
    ],
)
def test_the_names_of_an_address(listen: str, port: int, hosts: set[str]) -> None:
    """A port is known by its address and as localhost; the usual one also without a number."""
    assert read(listen=listen).allowed_hosts(port) == hosts


def test_a_path_that_is_too_long_is_told() -> None:
    """A Unix socket whose path the system cannot take is refused before anything is opened."""
    path = "unix:/" + "x" * 120
    settings = Settings(tables={"http": {"listen": path, "url": "http://comenq.test"}})
    with pytest.raises(SettingsError, match="listen"):
        make_intake(settings)


def test_a_token_file_elsewhere() -> None:
    """An absolute path of the tokens is taken as it is."""
    assert read(tokens_file="/etc/comenqd/tokens").tokens_file == Path("/etc/comenqd/tokens")
