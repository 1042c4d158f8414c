"""Which typologies there are: those of this version, and those that installed packages add."""

from collections.abc import Callable, Sequence
from functools import cache
from importlib.metadata import entry_points
from typing import Final

from hub.typologies.asking import Asking, Hit
from hub.typologies.complementary_items import complementary_items
from hub.typologies.identity_churn import identity_churn
from hub.typologies.shopping_around import shopping_around
from hub.typologies.velocity import velocity

Typology = Callable[[Sequence[Asking]], Hit | None]

PLUG_INS: Final = "cairn_hub.typologies"

TYPOLOGIES: Final[tuple[Typology, ...]] = (shopping_around, complementary_items, identity_churn, velocity)


def hits(asked: Sequence[Asking], typologies: Sequence[Typology] | None = None) -> list[Hit]:
    """Every pattern that these askings of one subject show, in the order of the typologies."""
    every = (*TYPOLOGIES, *plug_ins()) if typologies is None else typologies
    return [hit for typology in every if (hit := typology(asked)) is not None]


@cache
def plug_ins() -> tuple[Typology, ...]:
    """The typologies of installed packages. Analysts are shown their hits; cards have codes of ours alone."""
    return tuple(point.load() for point in entry_points(group=PLUG_INS))
