"""File names: what they say, and which ones are refused."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comenq_core.model import CommentRequest
from comenq_core.model.identity import digest_of, id_from
from comenq_core.testing.strategies import moments, requests
from comenq_plugins.spool.format.filename import Name, micros, moment

LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"
LATEST = datetime.max.replace(tzinfo=UTC)

names = st.builds(
    Name,
    order=st.integers(min_value=0, max_value=10**17 - 1),
    due=st.integers(min_value=0, max_value=micros(LATEST)),
    id=st.text(LETTERS, min_size=12, max_size=12),
    digest=st.text(LETTERS, min_size=8, max_size=8),
    events=st.integers(min_value=0, max_value=999_999),
    interruptions=st.integers(min_value=0, max_value=999_999),
)
EXAMPLE = "01764000000000000-0-7f3kq2m8x1ab-5tq0w9zr-0-0.job"


@given(names)
def test_names_round_trip(name: Name) -> None:
    """The parts of a name are read from it again."""
    assert Name.parse(str(name)) == name


@given(st.text() | st.from_regex(r"[0-9-]{17,30}[0-9a-z-]+\.job"))
def test_what_is_read_as_a_name_is_written_as_it_was(text: str) -> None:
    """No two texts are the same name."""
    name = Name.parse(text)
    assert name is None or str(name) == text


@given(names, names)
def test_names_sort_as_their_texts_do(one: Name, other: Name) -> None:
    """`ls` shows the queue in its order, as far as the order decides."""
    if one.order != other.order:
        assert (one < other) == (str(one) < str(other))


@pytest.mark.parametrize(
    "text",
    [
        EXAMPLE + "\n",
        "\n" + EXAMPLE,
        EXAMPLE.upper(),
        EXAMPLE.replace("017640", "17640"),
        EXAMPLE.replace("0-0.job", "00-0.job"),
        EXAMPLE.replace("-0-7f3k", "-00-7f3k"),
        EXAMPLE.replace("-0-7f3k", "--1-7f3k"),
        EXAMPLE.replace("01764", "\N{ARABIC-INDIC DIGIT ZERO}1764"),
        EXAMPLE.replace("7f3k", "7fik"),
        EXAMPLE.replace(".job", ".json"),
        "../" + EXAMPLE,
        "",
    ],
)
def test_a_name_has_one_spelling(text: str) -> None:
    """A text that is nearly a job's name is none."""
    assert Name.parse(EXAMPLE) is not None
    assert Name.parse(text) is None


@given(moments())
def test_instants_round_trip(when: datetime) -> None:
    """A name's microseconds are the instant, exactly."""
    assert moment(micros(when)) == when


def test_the_last_instant_has_a_name() -> None:
    """A job for the end of the calendar has a name that can be read."""
    name = Name(0, micros(LATEST), "7f3kq2m8x1ab", "5tq0w9zr")
    assert Name.parse(str(name)) == name


@given(st.binary())
def test_every_id_fits_into_a_name(seed: bytes) -> None:
    """An id made from any seed can be part of a name."""
    name = Name(0, 0, id_from(seed), "5tq0w9zr")
    assert Name.parse(str(name)) == name


@given(requests())
def test_digests_do_not_tell_upper_from_lower_case_in_targets(request: CommentRequest) -> None:
    """Owner and repository are the same in upper and lower case, as they are on GitHub."""
    from dataclasses import replace

    shouted = replace(request, owner=request.owner.upper(), repo=request.repo.upper())
    assert digest_of(shouted) == digest_of(request)
    assert digest_of(replace(request, body=request.body + "!")) != digest_of(request)
