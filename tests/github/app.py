"""A GitHub App of the tests' own."""

from __future__ import annotations

from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from comenq_core.settings import Settings

__all__ = ["KEY", "PEM", "private_key", "settings"]

KEY = rsa.generate_private_key(public_exponent=65_537, key_size=2048)
PEM = KEY.private_bytes(
    serialization.Encoding.PEM,
    serialization.PrivateFormat.TraditionalOpenSSL,
    serialization.NoEncryption(),
)


def private_key(directory: Path) -> Path:
    """Write the App's key into a private file."""
    path = directory / "key.pem"
    path.touch(0o600)
    path.write_bytes(PEM)
    return path


def settings(url: str, key_file: Path, **options: object) -> Settings:
    """What a configuration file for an App says; an option that is ``None`` is left out."""
    table = {
        "app_id": "Iv1.client",
        "app_installation_id": 42,
        "app_private_key_file": str(key_file),
        **options,
    }
    given = {key: value for key, value in table.items() if value is not None}
    return Settings(github_api_url=url, tables={"github": given})
