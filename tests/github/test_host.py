"""The host of a forge's pages, by the address of its API."""

from __future__ import annotations

import pytest

from comenq_core.settings import Settings
from comenq_core.settings.host import host_of
from comenq_plugins.github import make_posters


@pytest.mark.parametrize(
    ("api_url", "host"),
    [
        ("https://api.github.com", "github.com"),
        ("https://API.GitHub.com/", "github.com"),
        ("https://git.example.org/api/v3", "git.example.org"),
        ("https://Git.example.org:443/api/v3/", "git.example.org"),
        ("https://git.example.org:8443/api/v3", "git.example.org:8443"),
        ("https://git.example.org/behind/api/v3", "git.example.org"),
        ("http://[::1]:3000/api/v3", "[::1]:3000"),
        ("https://api.octo-corp.ghe.com", "octo-corp.ghe.com"),
        ("https://api.octo-corp.ghe.com.example.org", "github.com"),
        ("http://127.0.0.1:3000", "github.com"),
        ("https://proxy.example.org/github", "github.com"),
    ],
)
def test_host_follows_from_the_api(api_url: str, host: str) -> None:
    """GitHub, an enterprise on its machines and a server of one's own; else github.com."""
    assert host_of(api_url) == host
    assert make_posters.host(Settings(github_api_url=api_url)) == host


def test_setting_names_the_host() -> None:
    """Where the API's address does not tell, the setting ``github_host`` does."""
    settings = Settings(github_api_url="http://127.0.0.1:3000", github_host="git.example.org")
    assert make_posters.host(settings) == "git.example.org"
