"""Whatever arrives, the readers answer with a record or with InvalidRequest."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from comenq_core.errors import InvalidRequest
from comenq_core.model import Attempt, Job, Pacing, Pause
from comenq_core.wire.codec import from_json, verdict_from_json
from comenq_core.wire.messages import read_operation, read_request
from comenq_core.wire.schemas import OPERATION_SCHEMAS, REQUEST_SCHEMA
from comenq_core.wire.strict_json import parse

MEMBERS = sorted(
    {name for schema in OPERATION_SCHEMAS.values() for name in schema["properties"]}
    | set(REQUEST_SCHEMA["properties"])
)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from([*OPERATION_SCHEMAS, "2026-12-01T09:00:00Z", "9999-12-31T23:59:59-23:59"])
    | st.datetimes().map(lambda moment: f"{moment.isoformat()}Z"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(MEMBERS) | st.text(), inner, max_size=6)
    ),
    max_leaves=12,
)
REQUESTS = st.fixed_dictionaries(
    {"owner": st.just("o"), "repo": st.just("r"), "pr_number": st.just(1), "body": st.text()},
    optional={"not_before": VALUES, "key": VALUES, "if_open": VALUES},
)
OPERATIONS = st.fixed_dictionaries(
    {"op": st.sampled_from(sorted(OPERATION_SCHEMAS))},
    optional={"request": REQUESTS | VALUES}
    | {name: VALUES for name in MEMBERS if name not in ("op", "request")},
)
TEXTS = (VALUES | REQUESTS | OPERATIONS).map(lambda value: json.dumps(value).encode())
# Texts that are nearly right reach further than random bytes.
MANGLED = st.builds(
    lambda text, at, junk, cut: (
        text[: at % (len(text) + 1)] + junk + text[at % (len(text) + 1) + cut :]
    ),
    TEXTS,
    st.integers(min_value=0),
    st.binary(max_size=4) | st.sampled_from([b"[", b'"', b"\\ud800", b"NaN", b"\\", b"1e999"]),
    st.integers(min_value=0, max_value=8),
)
ANYTHING = st.binary(max_size=300) | st.text().map(lambda text: text.encode("utf-8", "replace"))


def told(read: Callable[[bytes], object], data: bytes) -> str:
    """What the reader says against the data, if anything."""
    try:
        read(data)
    except InvalidRequest as error:
        return str(error)
    return ""


@pytest.mark.parametrize("read", [parse, read_operation])
@settings(max_examples=5 * settings().max_examples)
@given(data=ANYTHING | TEXTS | MANGLED)
def test_reading_bytes_raises_only_invalid_request(
    read: Callable[[bytes], object], data: bytes
) -> None:
    """Any bytes give a value or an InvalidRequest whose text is one short line."""
    text = told(read, data)
    assert text.isprintable()
    assert len(text) < 600


@pytest.mark.parametrize(
    "read",
    [
        read_request,
        partial(from_json, Job),
        partial(from_json, Attempt),
        verdict_from_json,
        partial(from_json, Pacing),
        partial(from_json, Pause),
    ],
)
@given(value=VALUES | REQUESTS)
def test_reading_values_raises_only_invalid_request(
    read: Callable[[object], object], value: object
) -> None:
    """Any parsed value gives a record or an InvalidRequest."""
    try:
        read(value)
    except InvalidRequest:
        return
