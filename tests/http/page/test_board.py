"""What the page reads of the queue."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from comenq_core.model.rights import Rights
from comenq_plugins.http.page.board import read_board
from comenq_plugins.http.page.listing import Listing, Offsets
from tests.http.browser.scenes import Scene
from tests.http.browser.serving import queue_of


def shown(scene: Scene, name: str, offset: int) -> Listing:
    """A list of the page, from an offset on."""
    offsets = Offsets({name: offset})
    return read_board(queue_of(scene.store), offsets, datetime.now(UTC), Rights()).lists[name]


@pytest.mark.parametrize("name", ["queue", "held", "history", "failed", "unconfirmed"])
def test_a_part_that_has_emptied_is_the_first_one(name: str) -> None:
    """Where what was shown has left the list, the list is shown from its beginning."""
    with Scene() as scene:
        scene.put("One", hold=name == "held")
        match name:
            case "history":
                scene.finish()
            case "failed":
                scene.fail()
            case "unconfirmed":
                scene.lose()
        part = shown(scene, name, 20)
        assert (part.first, part.last, part.earlier, part.later) == (1, 1, None, None)


@pytest.mark.parametrize("name", ["queue", "held", "history"])
def test_a_list_that_has_emptied_has_no_parts(name: str) -> None:
    """Where nothing is left at all, the page does not offer to go back."""
    with Scene() as scene:
        part = shown(scene, name, 20)
        assert (part.jobs, part.first, part.is_paged) == ((), 1, False)
