"""What goes with what, learned from baskets: recipes, carts, playlists, lists of imports."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from numpy.typing import NDArray

from lilliput.core.budget import Budget
from lilliput.core.errors import LilliputError, ModelFileError
from lilliput.core.estimator import Estimator
from lilliput.core.modelfile import StrPath

if TYPE_CHECKING:
    from typing_extensions import Self

    from lilliput.tasks.map_points import MapPoints
    from lilliput.tasks.pair_context import Conditioned
    from lilliput.tasks.pair_model import Known
    from lilliput.tasks.pair_suggest import Substitute, Suggestion


class PairingRecommender(Estimator):
    """Suggests what goes with some items, and says why.

    How often items are together is counted; a small network, told in `lilliput.nets.baskets`, learns to name what is
    missing from a basket.

    Parameters
    ----------
    items, context : the columns of the items and of what a basket comes from (a cuisine, a year), where `X` is a table.
    normalise : "ingredients" brings "2 cups finely chopped roma tomatoes" to "tomato"; None leaves items as they are.
    aliases : whether, of names brought to a normal form, those that mean the same are found in the baskets and taken as
        one: "tumeric" is "turmeric" where both are used alike and rarely together.
    least : in how many baskets an item must be to be known.
    window : how far apart two items of a basket may stand to be a pair; None: anywhere in it.
    subsample : share of baskets beyond which an item is left out of more and more of them while learning; 0: never.
    dim : length of the network's vectors; None: 64, or as many as the budget has room for.
    budget : bytes of the file, seconds of `fit`, latency of `suggest`: "1MB", "1MB,5min", a `Budget`, or None.
    seed : says which baskets are held out, and all chances in learning.
    threads, device, progress : as in every task; the same seed gives the same file for any number of threads.

    Attributes
    ----------
    items_ : the items, the most frequent first.
    contexts_ : the contexts, the most frequent first.
    aliases_ : names that were taken as another, found in the baskets.
    report_ : what was measured, on baskets that were held out.
    interrupted_ : whether Ctrl-C ended the fit early.

    Examples
    --------
    >>> from lilliput.tasks.pair import PairingRecommender
    >>> meals = [["bread", "butter", "jam"], ["rice", "soy", "ginger"], ["bread", "jam"], ["rice", "soy"]] * 20
    >>> model = PairingRecommender().fit(meals)
    >>> model.suggest(["bread", "butter"], k=1)[0].item
    'jam'
    """

    task = "pair"

    known_: Known
    interrupted_: bool

    def __init__(
        self,
        items: str | None = None,
        context: str | None = None,
        normalise: Literal["ingredients"] | None = None,
        aliases: bool = True,
        least: int = 1,
        window: int | None = None,
        subsample: float = 0.0,
        dim: int | None = None,
        budget: Budget | str | Mapping[str, Any] | None = None,
        seed: int = 0,
        threads: int | None = None,
        device: str = "auto",
        progress: bool | Literal["auto"] = "auto",
    ) -> None:
        self.items = items
        self.context = context
        self.normalise = normalise
        self.aliases = aliases
        self.least = least
        self.window = window
        self.subsample = subsample
        self.dim = dim
        self.budget = budget
        self.seed = seed
        self.threads = threads
        self.device = device
        self.progress = progress

    # Learning

    def fit(self, X: Any, y: Any = None, side: Any = None) -> Self:
        """Learn from baskets: lists of items, a table with a column of them, or a `BasketSource` of files.

        `y`: the context of each basket, a list; for a table, the column `context` is read if it is not given. `side`:
        what items share beside baskets, such as flavour compounds: a mapping from items to their properties, a
        `lilliput.data.side.SideSource`, or the path of a file with an item and properties in each row. Raises
        `DataError` for data that cannot be used and `BudgetError` for a budget that was not kept; the estimator then is
        what it was before. After Ctrl-C in training, what was learned is kept, `interrupted_` is true, and
        KeyboardInterrupt is raised on.
        """
        started = time.monotonic()
        from lilliput.tasks.pair_fit import fit

        fit(self, X, y, side, started)
        return self

    # Using

    def suggest(
        self, items: Sequence[str], k: int = 10, adventurous: float = 0.0, context: str | None = None
    ) -> list[Suggestion]:
        """The `k` items that go best with `items`, the best first.

        `adventurous` from 0, what is usual together, to 1, pairings that are rare and supported, from afar. `context`:
        as it is done there. An item or a context that is not known raises `DataError`, which names the nearest.
        """
        self._check_fitted()
        from lilliput.tasks.pair_suggest import suggest

        return suggest(self.known_, self._named(items), k, adventurous, context)

    def substitutes(self, item: str, k: int = 10) -> list[Substitute]:
        """The `k` items that are used as `item` is: with the same others, rarely with itself."""
        self._check_fitted()
        from lilliput.tasks.pair_suggest import substitutes

        return substitutes(self.known_, self._named([item])[0], k)

    def condition(self, on: str, most: int = 2000) -> Conditioned:
        """The `most` frequent items seen from a context or an item: vectors, distances and ranks before and after."""
        self._check_fitted()
        from lilliput.tasks.pair_context import condition

        return condition(self.known_, on, self.normalise, most)

    def map_points(self, most: int = 1000, context: str | None = None) -> MapPoints:
        """The `most` frequent items as points for `lilliput.tasks.maps.draw_map`; beside them, seen from `context`."""
        self._check_fitted()
        from lilliput.tasks.pair_map import points

        return points(self.known_, self.normalise, most, context)

    @property
    def items_(self) -> list[str]:
        """The items, the most frequent first."""
        self._check_fitted()
        return self.known_.names

    @property
    def aliases_(self) -> dict[str, str]:
        """Names that were taken as another, found in the baskets."""
        self._check_fitted()
        return {alias: self.known_.names[number] for alias, number in self.known_.aliases.items()}

    @property
    def contexts_(self) -> list[str]:
        """The contexts, the most frequent first."""
        self._check_fitted()
        return self.known_.contexts

    def _named(self, items: Sequence[str]) -> list[int]:
        """The numbers of items, each once."""
        from lilliput.tasks.pair_names import find_items

        return find_items(self.known_, items, self.normalise)

    # Model files

    def _manifest(self) -> dict[str, Any]:
        from lilliput.tasks.pair_file import bits_of

        known = self.known_
        return {
            "dim": known.inputs.codes.shape[1],
            "bits": bits_of(known),
            "baskets": known.baskets,
            "power": known.power,
            "pair_scale": known.pairs.scale,
            "least_pair": known.pairs.least,
        }

    def _arrays(self) -> dict[str, NDArray[Any]]:
        from lilliput.tasks.pair_file import arrays_of

        return arrays_of(self.known_)

    @classmethod
    def _restore(cls, manifest: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], path: StrPath) -> Self:
        from lilliput.tasks.pair_file import known_of
        from lilliput.tasks.pair_parameters import check_parameters

        model = cls._from_manifest(manifest, path)
        try:
            check_parameters(model)
        except LilliputError as error:
            raise ModelFileError(f"{path}: the parameters in the manifest cannot be used ({error})") from error
        model.known_, model.interrupted_ = known_of(manifest, arrays, path), False
        return model
