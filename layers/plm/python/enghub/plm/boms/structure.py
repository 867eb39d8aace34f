"""A structure: the BOMs in force of a product and all below it (or above), loaded level by level, and its order.

The one traversal of explosion and where-used. No recursion, so that no depth ends it; a loop is named, never followed.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from enghub.plm.boms.errors import BomLoop, BomTooLarge
from enghub.plm.boms.model import Bom, BomLine, Moment

MOST_ASSEMBLIES = 20_000
Load = Callable[[Collection[str]], Mapping[str, Bom | None]]
"""Returns the BOM in force of each product that has BOMs; None where no version is in force."""


@dataclass(frozen=True, slots=True)
class Structure:
    """The BOMs in force, by product; ``without_version`` have BOMs, but none in force at the moment asked for."""

    boms: Mapping[str, Bom]
    moment: Moment
    without_version: tuple[str, ...] = ()

    def lines(self, product: str) -> Iterable[BomLine]:
        """Return the lines in force of a product's BOM; none of a purchased part."""
        bom = self.boms.get(product)
        if bom is None:
            return ()
        day = self.moment.day_in(bom.zone)
        if all(line.effective_from is None and line.effective_to is None for line in bom.lines):
            return bom.lines
        return [line for line in bom.lines if line.in_force(day)]


def load_down(root: str, moment: Moment, load: Load) -> Structure:
    """Return the structure below ``root``; one call of ``load`` per level.

    Raises:
        BomTooLarge: there are more than 20,000 assemblies.
    """
    boms: dict[str, Bom] = {}
    lacking: list[str] = []
    known, level = {root}, [root]
    made = Structure(boms, moment)
    while level:
        found = load(level)
        boms.update((product, bom) for product, bom in found.items() if bom is not None)
        lacking.extend(product for product in sorted(found) if found[product] is None)
        if len(boms) > MOST_ASSEMBLIES:
            raise BomTooLarge(most=MOST_ASSEMBLIES)
        following: dict[str, None] = {}
        for product in level:
            for line in made.lines(product):
                if line.component not in known:
                    known.add(line.component)
                    following[line.component] = None
        level = list(following)
    return Structure(boms, moment, tuple(lacking))


def ordered(root: str, children: Callable[[str], Iterable[str]], *, upward: bool = False) -> list[str]:
    """Return ``root`` and everything below it, each after all that contain it; ``upward``, all above it.

    Raises:
        BomLoop: with the way round.
    """
    done: list[str] = []
    state: dict[str, bool] = {}
    path: list[str] = [root]
    ways = [iter(children(root))]
    state[root] = True
    while path:
        for child in ways[-1]:
            if child not in state:
                state[child] = True
                path.append(child)
                ways.append(iter(children(child)))
                break
            if state[child]:
                loop = path[path.index(child) :]
                raise loop_of(loop[::-1] if upward else loop)
        else:
            state[path[-1]] = False
            done.append(path.pop())
            ways.pop()
    done.reverse()
    return done


def loop_of(round_way: Sequence[str]) -> BomLoop:
    """Return the error that names a loop, each part once in ``round_way``; it begins with the first by name."""
    start = round_way.index(min(round_way))
    way = [*round_way[start:], *round_way[:start], round_way[start]]
    return BomLoop(loop=" > ".join(way))
