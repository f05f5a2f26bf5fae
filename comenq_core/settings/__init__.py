"""The settings: flags before environment before file before defaults.

Every setting is a field of `Settings`, whose annotation holds its kind and its meaning. The flags
of comenqd, the variables, the help texts and the error messages follow from that. A wrong key or
value raises `SettingsError`, which names the place, the key and what was expected, but never the
value: it may be a token in the wrong line.
"""

from comenq_core.settings.accounts import ACCOUNTS, AccountTable
from comenq_core.settings.fields import KINDS, MEANINGS, Settings
from comenq_core.settings.loading import (
    ALIASES,
    CONFIG_VARIABLE,
    DROP,
    REVIEWERS,
    explicit,
    flag,
    load,
    require_configuration,
    variable,
)
from comenq_core.settings.policies import POLICIES, PolicyTable
from comenq_core.settings.secret import Secret

__all__ = [
    "ACCOUNTS",
    "ALIASES",
    "CONFIG_VARIABLE",
    "DROP",
    "KINDS",
    "MEANINGS",
    "POLICIES",
    "REVIEWERS",
    "AccountTable",
    "PolicyTable",
    "Secret",
    "Settings",
    "explicit",
    "flag",
    "load",
    "require_configuration",
    "variable",
]
