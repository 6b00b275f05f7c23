"""How a polynomial network is fitted: three parts of the rows, layers, the weights together, what was measured."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lilliput.core.budget import Budget
from lilliput.core.errors import LilliputError
from lilliput.core.progress import Progress
from lilliput.nets.polynomial import TERMS, Network, grow, screen
from lilliput.nets.polynomial_refine import refine, refit
from lilliput.nets.polynomial_start import joined
from lilliput.tasks.array_fit import ENDED_EARLY, begin, check_processor, close, completed, hand_over
from lilliput.tasks.array_input import check_rows, column_names, numbers, standards, targets
from lilliput.tasks.array_report import explained, held_out, measured_by
from lilliput.tasks.promise import Promise

if TYPE_CHECKING:
    from lilliput.tasks.polynomial import PolynomialNetwork

Floats = NDArray[np.float64]
Places = NDArray[np.int64]

GAIN = 0.001
"""The part of the error that a layer must take away, or it is the last."""
FINALISTS = 16
"""Units of each layer of which networks are made whose weights are fitted together."""
CROSSED, PROMISING = 8, 24
"""Columns of which all networks of three units with four columns are begun, and how many of these are fitted."""
BEGINNING = 2000
"""Rows, at random, by which these begin."""
STARTED_AGAIN, STARTS, SHAKEN = 4, 3, 0.3
"""Networks fitted from other starts near by, how many for each, and how near."""
ROWS_A_WEIGHT = 8
"""Rows that it takes to fit weights together, for each of them."""
BESIDE = 24
"""Columns that later layers may take beside the units."""
SELECTING = 0.25
"""The part of the rows not held out that units are selected by."""


def fit(model: PolynomialNetwork, X: Any, y: Any, started: float) -> None:
    """Fit `model` within its budget, whose time began at `started` (`time.monotonic`); it changes in the end.

    After Ctrl-C KeyboardInterrupt is raised when the model is complete.
    """
    check_parameters(model)
    promise = Promise(Budget.parse(model.budget), started)
    rows = numbers(X)
    wanted = targets(y, len(rows), type(model).__name__)
    check_rows(rows)
    draft = type(model)(**model.get_params())
    begin(draft, rows, wanted)
    with completed() as interrupted:
        _learn(draft, rows, wanted, column_names(X), promise, interrupted)
        close(draft, promise, draft.predict, rows[:1])
        hand_over(draft, model)


def _learn(
    draft: PolynomialNetwork,
    rows: Floats,
    wanted: Floats,
    names: list[str] | None,
    promise: Promise,
    interrupted: Callable[[], bool],
) -> None:
    """A network of the rows not held out, measured by those, whose weights then are fitted to all."""
    learned, kept = held_out(len(rows), int(draft.seed))
    with np.errstate(over="ignore", invalid="ignore"), Progress(None, "polynomials", "layers", draft.progress) as bar:
        search = _Search(draft, rows[learned], wanted[learned], promise, bar, interrupted)
        steps = search.run()
        _settle(draft, search, names)
        free = draft.network_
        draft.network_ = free.bounded(_standard(draft, rows[learned]))
        draft.report_.quality = explained(draft.predict(rows[kept]), wanted[kept]) if len(kept) else {}
        refitted = bool(len(kept)) and not interrupted()
        if refitted and steps:
            inputs, target = _standard(draft, rows), (wanted - draft.centre_[-1]) / draft.scale_[-1]
            draft.network_ = refit(free, inputs, target, steps, interrupted).bounded(inputs)
    draft.interrupted_ = interrupted()
    draft.report_.held_out = (
        f"{len(kept):,} rows at random; only the last fit of the weights was to all rows"
        if refitted
        else measured_by(kept, refitted=False)
    )
    draft.report_.plan = {"layers": draft.n_layers_, "units": draft.n_units_, "columns": len(draft.columns_)}
    draft.report_.notes += [ENDED_EARLY] * draft.interrupted_


class _Candidate(NamedTuple):
    """A network, its layers, the steps of its fit, and its squared errors on the rows that select."""

    network: Network
    layers: int
    steps: int
    errors: Floats


class _Search:
    """Layers over the rows to learn from, some of which select."""

    def __init__(
        self,
        draft: PolynomialNetwork,
        rows: Floats,
        wanted: Floats,
        promise: Promise,
        bar: Progress,
        interrupted: Callable[[], bool],
    ) -> None:
        self._draft, self._promise, self._bar, self._interrupted = draft, promise, bar, interrupted
        mixed = np.random.default_rng([int(draft.seed), 1]).permutation(len(rows))
        count = int(SELECTING * len(rows))
        fitted, selecting = (mixed[count:], mixed[:count]) if count >= 2 else (mixed, mixed)
        values = np.column_stack([rows, wanted])
        centre, scale = standards(values[fitted])
        standard = (values[fitted] - centre) / scale
        self.columns = screen(standard[:, :-1], standard[:, -1], int(draft.columns))
        places = np.append(self.columns, rows.shape[1])
        self.centre, self.scale = centre[places], scale[places]
        self._fitted = standard[:, places]
        self._kept = (values[selecting][:, places] - self.centre) / self.scale
        self._whole = np.vstack([self._fitted, self._kept]) if fitted is not selecting else self._fitted

    def run(self) -> int:
        """Set `network` and `layers`; returns the steps of its fit."""
        draft = self._draft
        columns = len(self.columns)
        inputs, kept = self._fitted[:, :-1], self._kept[:, :-1]
        numbers_of = np.arange(columns)  # of the inputs of this layer
        beside = screen(inputs, self._fitted[:, -1], BESIDE)
        left, right, weights = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int64)], [np.zeros((0, 6))]
        candidates: list[_Candidate] = []
        least = np.inf
        for layer in range(1, int(draft.layers) + 1):
            found = grow(inputs, self._fitted[:, -1], kept, self._kept[:, -1], int(draft.width))
            first = sum(len(part) for part in left)
            left.append(numbers_of[found.left])
            right.append(numbers_of[found.right])
            weights.append(found.weights)
            everything = Network(columns, np.concatenate(left), np.concatenate(right), np.concatenate(weights))
            for unit in range(min(FINALISTS, len(found.left))):
                candidates.append(self._finished(everything.part(first + unit), layer))
            self._bar.advance()
            if not found.errors[0] < least * (1 - GAIN) or self._late(layer) or self._interrupted():
                break
            least = float(found.errors[0])
            units = columns + first + np.arange(len(found.left))
            numbers_of = np.concatenate([units, beside])
            inputs = self._inputs(everything, self._fitted, numbers_of)
            kept = self._inputs(everything, self._kept, numbers_of)
        return self._choose(candidates)

    def _late(self, layer: int) -> bool:
        left = self._promise.left
        return left is not None and left < 2 * self._promise.spent / layer

    def _inputs(self, network: Network, standard: Floats, numbers_of: Places) -> Floats:
        values = network.values(standard[:, :-1])
        return np.column_stack([values[number] for number in numbers_of])

    def _finished(self, network: Network, layer: int) -> _Candidate:
        """A network whose weights are fitted together, where there are rows enough for so many."""
        steps = 0
        if self._refinable(network):
            (inputs, target), (kept, wanted) = self._parts()
            network, steps = refine(network, inputs, target, kept, wanted, int(self._draft.steps), self._interrupted)
        return _Candidate(network, layer, steps, (self._kept[:, -1] - network.run(self._kept[:, :-1])) ** 2)

    def _refinable(self, network: Network) -> bool:
        return network.weights.size * ROWS_A_WEIGHT <= len(self._fitted)

    def _parts(self) -> tuple[tuple[Floats, Floats], tuple[Floats, Floats]]:
        return (self._fitted[:, :-1], self._fitted[:, -1]), (self._kept[:, :-1], self._kept[:, -1])

    def _again(self, candidates: list[_Candidate]) -> list[_Candidate]:
        """The best networks from other starts: their fit stops at the next minimum, and there are several."""
        random = np.random.default_rng([int(self._draft.seed), 3])
        fit_again = [found for found in candidates if self._refinable(found.network) and len(found.network.left) > 1]
        found = []
        for start in sorted(fit_again, key=lambda candidate: float(candidate.errors.mean()))[:STARTED_AGAIN]:
            for _ in range(STARTS):
                weights = start.network.weights + SHAKEN * random.standard_normal(start.network.weights.shape)
                found.append(self._finished(replace(start.network, weights=weights), start.layers))
        return found

    def _crossed(self) -> list[_Candidate]:
        """Networks of three units over all pairs of pairs of the few columns that the first layer likes best.

        A pair that says little by itself does not survive its layer, but may say much beside the right other one; and
        weights that were fitted to the target on their own are often no start from which the right ones are found:
        `joined` has a better one.
        """
        (inputs, target), (kept, wanted) = self._parts()
        first = grow(inputs, target, kept, wanted, CROSSED**2)
        liked = list(dict.fromkeys(np.column_stack([first.left, first.right]).ravel().tolist()))[:CROSSED]
        columns, begun = inputs.shape[1], list[tuple[float, Network]]()
        if len(inputs) < 3 * TERMS * ROWS_A_WEIGHT:
            return []
        for one, two in combinations(combinations(sorted(liked), 2), 2):
            if set(one) & set(two):
                continue
            if self._interrupted():
                return []
            weights = joined(inputs[:BEGINNING, one], inputs[:BEGINNING, two], target[:BEGINNING])
            left, right = np.array([one[0], two[0], columns]), np.array([one[1], two[1], columns + 1])
            network = Network(columns, left, right, weights)
            begun.append((float(np.mean((wanted - network.run(kept)) ** 2)), network))
        best = sorted(begun, key=lambda pair: pair[0])[:PROMISING]
        return [self._finished(network, 2) for _, network in best]

    def _choose(self, candidates: list[_Candidate]) -> int:
        """The fewest units whose error is that of the best, up to chance; fitted to all rows of the search."""
        everyone = candidates
        if self._draft.steps and not self._interrupted():
            everyone = [*everyone, *self._crossed()] if self._draft.layers > 1 else everyone
            everyone = [*everyone, *self._again(everyone)]
        usable = [found for found in everyone if np.isfinite(found.errors).all()]
        best = min(usable, key=lambda found: float(found.errors.mean()))
        chosen = min(
            (found for found in usable if not _worse(found.errors - best.errors)),
            key=lambda found: (len(found.network.left), float(found.errors.mean())),
        )
        # Where rows are too few to fit so many weights together, each unit stays as it was fitted.
        together = self._refinable(chosen.network) or len(chosen.network.left) == 1
        self.layers, steps = chosen.layers, max(chosen.steps, 1) if together else 0
        self.network = refit(chosen.network, self._whole[:, :-1], self._whole[:, -1], steps, self._interrupted)
        return steps


def _worse(more: Floats) -> bool:
    """Whether squared errors are larger by more than one standard error (Breiman and others 1984, section 3.4.3)."""
    return float(more.mean()) > float(more.std()) / np.sqrt(len(more)) + 1e-12


def _standard(draft: PolynomialNetwork, rows: Floats) -> Floats:
    """The columns that the network takes, as it takes them."""
    found: Floats = (rows[:, draft.columns_] - draft.centre_[:-1]) / draft.scale_[:-1]
    return found


def _settle(draft: PolynomialNetwork, search: _Search, names: list[str] | None) -> None:
    """Make the learned attributes, of the columns alone that the network takes."""
    net = search.network
    used = np.unique([source for source in (*net.left, *net.right) if source < net.columns])
    place = np.zeros(net.columns + len(net.left), dtype=np.int64)
    place[used] = np.arange(len(used))
    place[net.columns :] = len(used) + np.arange(len(net.left))
    draft.network_ = Network(len(used), place[net.left], place[net.right], net.weights)
    draft.columns_, draft.n_layers_ = search.columns[used], search.layers
    ends = np.append(used, net.columns)
    draft.centre_, draft.scale_ = search.centre[ends], search.scale[ends]
    draft.names_ = [_name(names, int(column)) for column in draft.columns_]


def _name(names: list[str] | None, column: int) -> str:
    return names[column] if names is not None and names[column].isidentifier() else f"x{column}"


def check_parameters(model: PolynomialNetwork) -> None:
    """Raise `LilliputError` for a parameter that cannot be used."""
    for name, least in (("width", 1), ("layers", 1), ("columns", 1), ("steps", 0)):
        if not getattr(model, name) >= least:
            raise LilliputError(f"{name}={getattr(model, name)}; give {least} or more")
    check_processor(model.device, "a polynomial network learns")
