"""Servers with certificates of a company's own, and proxies on the way to them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from comenq_core.model import Blocked, Posted, Unavailable, Unknown
from comenq_core.testing.forge import Forge
from tests.github.authority import bundle, context, proxy
from tests.github.conftest import TOKEN, MakePoster, a_job


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """An authority that is not trusted yet."""
    return trustme.CA()


@pytest.fixture
def secure(authority: trustme.CA) -> Iterator[Forge]:
    """A stand-in that serves https."""
    with Forge(tls=context(authority)) as running:
        yield running


@pytest.fixture
def trusted(authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Trust the authority, as requests' users do."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", bundle(authority, tmp_path))


@pytest.mark.usefixtures("trusted")
def test_trusted_authority(secure: Forge, make_poster: MakePoster) -> None:
    """With its authority in REQUESTS_CA_BUNDLE, a server is posted to, over one connection."""
    poster = make_poster(secure.url)
    assert isinstance(poster.post(a_job("a")), Posted)
    assert isinstance(poster.post(a_job("b")), Posted)
    assert [comment.body for comment in secure.comments] == ["a", "b"]
    assert len({request.connection for request in secure.requests}) == 1


def test_curl_bundle(
    secure: Forge,
    make_poster: MakePoster,
    authority: trustme.CA,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """CURL_CA_BUNDLE is a name that requests takes as well."""
    monkeypatch.setenv("CURL_CA_BUNDLE", bundle(authority, tmp_path))
    assert isinstance(make_poster(secure.url).post(a_job()), Posted)


def test_unknown_authority(secure: Forge, make_poster: MakePoster) -> None:
    """A server whose authority is not trusted gets no request, and the message says why."""
    outcome = make_poster(secure.url).post(a_job())
    assert isinstance(outcome, Unavailable)
    assert "certificate verify failed" in outcome.message
    assert secure.requests == []


@pytest.mark.usefixtures("trusted")
def test_wrong_name(authority: trustme.CA, make_poster: MakePoster) -> None:
    """A trusted certificate of another server's is no use."""
    with Forge(tls=context(authority, "github.com")) as forge:
        outcome = make_poster(forge.url).post(a_job())
        assert isinstance(outcome, Unavailable)
        assert "127.0.0.1" in outcome.message
        assert forge.requests == []


@pytest.mark.usefixtures("trusted")
def test_redirected_to_plain_http(secure: Forge, forge: Forge, make_poster: MakePoster) -> None:
    """A redirect from https to http is not followed: the token would be there for all to read."""
    secure.answer_next(status=307, headers={"Location": f"{forge.url}/repos/o/r/issues/7/comments"})
    outcome = make_poster(secure.url).post(a_job())
    assert isinstance(outcome, Blocked)
    assert "where the token is not sent" in outcome.message
    assert forge.requests == []


@pytest.mark.usefixtures("trusted")
def test_redirected_to_plain_http_on_the_same_port(secure: Forge, make_poster: MakePoster) -> None:
    """The scheme alone makes the difference."""
    plain = secure.url.replace("https://", "http://")
    secure.answer_next(status=307, headers={"Location": f"{plain}/repos/o/r/issues/7/comments"})
    assert isinstance(make_poster(secure.url).post(a_job()), Blocked)
    assert len(secure.requests) == 1


@pytest.mark.usefixtures("trusted")
def test_tunnel(secure: Forge, make_poster: MakePoster, monkeypatch: pytest.MonkeyPatch) -> None:
    """The proxy that HTTPS_PROXY names gets its password, and neither token nor comment."""
    with proxy() as tunnel:
        monkeypatch.setenv("HTTPS_PROXY", tunnel.url)
        assert isinstance(make_poster(secure.url).post(a_job("private")), Posted)
        (asked,) = tunnel.asked
    assert asked.startswith(f"CONNECT 127.0.0.1:{secure.port} ")
    # The Base64 of user:secret.
    assert "Proxy-Authorization: Basic dXNlcjpzZWNyZXQ=\r\n" in asked
    assert TOKEN.encode() not in tunnel.seen
    assert b"private" not in tunnel.seen


@pytest.mark.usefixtures("trusted")
def test_no_proxy(secure: Forge, make_poster: MakePoster, monkeypatch: pytest.MonkeyPatch) -> None:
    """A host that NO_PROXY names is reached directly."""
    with proxy() as tunnel:
        monkeypatch.setenv("HTTPS_PROXY", tunnel.url)
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        assert isinstance(make_poster(secure.url).post(a_job()), Posted)
        assert tunnel.asked == []


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("through_proxy", [False, True])
def test_request_that_may_have_gone_out(
    secure: Forge, make_poster: MakePoster, monkeypatch: pytest.MonkeyPatch, through_proxy: bool
) -> None:
    """An encrypted request without an answer may have taken effect, also through a proxy."""
    with proxy() as tunnel:
        if through_proxy:
            monkeypatch.setenv("HTTPS_PROXY", tunnel.url)
        secure.answer_next(drop=True, accept=True)
        assert isinstance(make_poster(secure.url).post(a_job()), Unknown)
        assert len(tunnel.asked) == through_proxy
