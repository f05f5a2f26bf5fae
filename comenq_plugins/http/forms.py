"""Reads what a form posts."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl

from starlette.requests import Request

from comenq_plugins.http.problems import Problem

__all__ = ["read_form"]

FORM = "application/x-www-form-urlencoded"
FIELDS = 20


async def read_form(request: Request) -> Mapping[str, str]:
    """The fields of a form; of those that are given twice, the last.

    Raises:
        Problem: it is no form.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != FORM:
        raise Problem(415, "unsupported_media_type", f"A form is expected, as {FORM}.")
    try:
        text = (await request.body()).decode("ascii")
        return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=FIELDS, errors="strict"))
    except ValueError as error:
        raise Problem(400, "invalid_form", "The form cannot be read.") from error
