"""Points try again in another order than the file's, where no codec says them well as they stand."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lizip.won import Won

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from lizip.codecs import Codec
    from lizip.contest import Contest
    from lizip.disorder import Sorted
    from lizip.relations import Recipe
    from lizip.relations.order import Key, Keys
    from lizip.sensor.fit.runs import Whole


class Orders:
    """Orders worth a trial in a contest."""

    def __init__(self, contest: Contest):
        self._contest = contest
        self._whole: list[Whole] = []
        self._sorted: list[Sorted] | None = None

    def attempt_apart(self, codec: Codec, recipe: Recipe) -> bool:
        """Let a scan whose runs surely are apart try as it was listed; whether that says it well."""
        from lizip.sensor.fit.coordinates import stored_points
        from lizip.sensor.fit.runs import whole_orders

        options = self._contest.options
        known = options.state.get("contest", Won) if options.state else None
        if options.level == "fast" or known is not None:
            return False
        xyz = stored_points(self._contest.reduced(recipe))
        self._whole = [] if xyz is None else list(whole_orders(xyz))
        orders = [order for order, surely in self._whole if surely]
        return any(self._attempt(codec, recipe, order) and self._contest.surely_said for order in orders)

    def attempt_turned(self, codec: Codec, recipe: Recipe) -> None:
        """Let a scan that may run backwards, or whose runs may be apart, try as it may have been listed."""
        for order, surely in self._whole:
            if not surely and self._attempt(codec, recipe, order):
                return

    def attempt_fired(self, codec: Codec, recipe: Recipe) -> None:
        """Let a scan whose rings are not in the order of its firings try as the sensor listed it."""
        if self._contest.options.level == "fast" or self._contest.options.state is not None:
            return
        from lizip.disorder import firings_of_rings

        fired = firings_of_rings(self._contest.cloud.led)
        if fired is not None:
            self._attempt(codec, recipe, fired.order, fired.ways)

    def attempt_sorted(self, codec: Codec, recipe: Recipe) -> None:
        """Let scans that are in no order, or sorted by a user, try once more as a sensor would have listed them."""
        if self._contest.options.level == "fast":
            return
        from lizip.disorder import sorted_orders

        kept, self._sorted = self._sorted, []
        for each in sorted_orders(self._contest.cloud.led) if kept is None else kept:
            self._sorted.append(each)
            if codec.name == "sweep" and not each.by_sensor:
                continue
            if self._attempt(codec, recipe, each.order, each.ways):
                return

    def _attempt(self, codec: Codec, recipe: Recipe, order: np.ndarray, ways: Sequence[Keys] = ()) -> bool:
        """Let points try in an order, where the file's is that of some keys or any; whether they are said well now."""
        from lizip.relations.order import encode_order

        columns = self._contest.reduced(recipe, order).columns if ways else {}
        told = _of_coded(ways, list(self._contest.cloud.led.columns), list(columns))
        stream = encode_order(order, told, list(columns.values()))
        self._contest.attempt(codec, replace(recipe, order=stream), order=order)
        return not self._contest.poor


def _of_coded(ways: Sequence[Keys], names: list[str], coded: list[str]) -> list[Keys]:
    """Ways by columns of these names, by their places among those that are coded; without those that are not."""
    from lizip.relations.order import COLUMN

    def there(key: Key) -> Key | None:
        if key.what != COLUMN:
            return key
        name = names[key.detail]
        return key._replace(detail=coded.index(name)) if name in coded else None

    told = (tuple(map(there, keys)) for keys in ways)
    return [tuple(key for key in keys if key is not None) for keys in told if None not in keys]
