"""A server of a company's own: https with the company's certificates, a path before the API."""

from __future__ import annotations

import pytest
import trustme

from comenq_core.testing.forge import Forge
from tests.github.authority import bundle, context
from tests.process.daemon import Daemon


@pytest.mark.full
def test_a_company_s_own_server_is_posted_to() -> None:
    """With its authority in REQUESTS_CA_BUNDLE, the daemon checks the token there, and posts."""
    authority = trustme.CA()
    with Forge(prefix="/api/v3", tls=context(authority)) as forge, Daemon(forge.url) as daemon:
        daemon.variables["REQUESTS_CA_BUNDLE"] = bundle(authority, daemon.directory)
        assert "the token is octocat's" in daemon.comenqd("check", "--online")
        daemon.start()
        daemon.put("inside")

        assert [one.body for one in forge.wait_for_comments(1)] == ["inside"]
