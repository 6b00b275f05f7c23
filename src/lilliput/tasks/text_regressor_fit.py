"""How a text regressor is fitted: rows, ridge regression, a network, how to join them, what was measured."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lilliput.core.bootstrap import Statistic, bootstrap
from lilliput.core.budget import Budget
from lilliput.core.errors import DataError
from lilliput.core.extras import require_extra
from lilliput.data.matrix import Compressed
from lilliput.data.source import Source
from lilliput.features.plain import NGrams
from lilliput.features.tfidf import TfIdf
from lilliput.nets.dense import DenseNet
from lilliput.tasks.array_fit import ENDED_EARLY, close, completed, hand_over
from lilliput.tasks.array_input import fingerprint
from lilliput.tasks.array_report import NOTHING, split
from lilliput.tasks.promise import Promise
from lilliput.tasks.text_regressor_columns import most_worth, with_columns, worth
from lilliput.tasks.text_regressor_file import hold_memory
from lilliput.tasks.text_regressor_input import (
    check_groups,
    check_parameters,
    is_texts,
    matrix_of,
    read_source,
    texts_of,
    values_of,
)
from lilliput.tasks.text_regressor_parts import (
    beside,
    best_blend,
    best_ridge,
    most_frequent,
    narrowed,
    network_outputs,
    part,
)
from lilliput.tasks.text_regressor_plan import (
    Sizes,
    described,
    frame_of,
    note_of,
    planned,
    too_few_folds,
    trainee,
)
from lilliput.training.outputs import held
from lilliput.training.ridge import fit_ridge

if TYPE_CHECKING:
    from lilliput.tasks.text_regressor import TextRegressor
    from lilliput.training.history import History

Floats = NDArray[np.float32]
Places = NDArray[np.int64]

WORD_BITS, CHAR_BITS = 20, 20
CLOSING, RIDGE_SHARE = 0.3, 0.15
"""Seconds of a time budget kept for the end, and the share kept for it and for the last ridge regression."""


def fit(model: TextRegressor, X: Any, y: Any, started: float) -> None:
    """Fit `model` within its budget, whose time began at `started` (`time.monotonic`); it changes in the end."""
    require_extra("torch", "deep", "training a text regressor")
    require_extra("scipy", "deep", "ridge regression on sparse rows")
    check_parameters(model)
    promise = Promise(Budget.parse(model.budget), started)
    draft = type(model)(**model.get_params())
    if isinstance(X, Source):
        X, values, draft.labels_ = read_source(X)
    else:
        X = texts_of(X) if is_texts(X) else matrix_of(X)
        values, draft.labels_ = values_of(y, len(X) if isinstance(X, list) else X.shape[0])
    if not len(values):
        raise DataError("there are no rows to learn from; give texts, or rows of a matrix, with values")
    check_groups(draft, values)
    rows = _rows(draft, X)
    draft.n_features_in_, draft.n_outputs_ = rows.shape[1], values.shape[1]
    learned, kept = split(len(values), draft.held_out, int(draft.seed))
    draft.report_ = _report(draft, rows, values, len(kept))
    sizes = planned(draft, promise)
    rows = _with_sizes(draft, X, rows, (values, learned), sizes)
    with completed() as interrupted:
        _Fit(draft, rows, values, learned, kept, promise, interrupted, sizes).run()

        def describe() -> None:
            if len(kept):
                draft.report_.quality |= _quality(draft, part(rows, kept), values[kept], "rmse")

        hold_memory(draft, promise, describe)
        sample = X[:1] if isinstance(X, list) else part(X, np.arange(1))
        close(draft, promise, draft.predict, sample)
        hand_over(draft, model)


class _Fit:
    """One fit: what was learned from, and what chose."""

    def __init__(
        self,
        draft: TextRegressor,
        rows: Compressed,
        values: Floats,
        learned: Places,
        kept: Places,
        promise: Promise,
        interrupted: Callable[[], bool],
        sizes: Sizes,
    ) -> None:
        self.draft, self.rows, self.values, self.learned, self.kept = draft, rows, values, learned, kept
        self.promise, self.interrupted = promise, interrupted
        self.narrow = narrowed(rows, draft.narrow_)
        self.trainee = trainee(draft, sizes)

    def run(self) -> None:
        """Fit the parts that are asked for, choose how to join them, and refit ridge regression to all rows.

        After Ctrl-C every part that is still to come is made of as little as it takes, and nothing is refitted.
        """
        draft = self.draft
        draft.network_, draft.ridge_, draft.stack_ = None, None, None
        draft.blend_, draft.alpha_, draft.history_, draft.interrupted_ = 1.0, 0.0, {"records": []}, False
        wants_ridge, wants_network = draft.model != "network", draft.model != "ridge"
        known, check = (self._pair(self.rows, places) for places in (self.learned, self.kept))
        if wants_ridge:
            draft.ridge_, draft.alpha_ = best_ridge(known, check, draft.alphas, self.interrupted)
            draft.report_.plan["alpha"] = draft.alpha_
        if wants_network:
            trainings = 1 + (draft.folds if draft.model == "stack" else 0)
            draft.network_, history = self._network(self.learned, self.kept, trainings)
            draft.history_ = history.to_dict()
            draft.report_.plan["passes"] = round(history.records[-1].epoch, 2) if history.records else 0
            draft.report_.notes += [finding.sentence for finding in history.findings]
            draft.report_.notes += history.notes
        if draft.network_ is not None and draft.ridge_ is not None:
            self._join(draft.network_, check)
        draft.interrupted_ = self.interrupted()
        draft.report_.notes += [ENDED_EARLY] * draft.interrupted_
        if wants_ridge and draft.stack_ is None and not draft.interrupted_:
            draft.ridge_ = fit_ridge(self.rows, self.values, draft.alpha_)

    def _pair(self, rows: Compressed, places: Places) -> tuple[Compressed, Floats]:
        return part(rows, places), self.values[places]

    def _join(self, network: DenseNet, check: tuple[Compressed, Floats]) -> None:
        draft = self.draft
        assert draft.ridge_ is not None
        parts = (
            network_outputs(network, part(self.narrow, self.kept), draft._groups()),
            draft.ridge_.predict(check[0]),
        )
        draft.blend_ = 0.5
        if len(self.kept):
            for name, outputs in zip(("network", "ridge"), parts, strict=True):
                draft.report_.quality |= _measured(held(outputs, draft._groups()), check[1], f"rmse of {name}")
            draft.blend_ = best_blend(*parts, check[1])
        if draft.model == "stack" and not self.interrupted():
            self._stack(parts, check)
        draft.report_.plan["weight of the network"] = round(draft.blend_, 3)

    def _stack(self, parts: tuple[Floats, Floats], check: tuple[Compressed, Floats]) -> None:
        """A second ridge regression on the columns and on predictions for rows that were not learned from."""
        draft, count = self.draft, len(self.learned)
        if count < draft.folds:
            draft.report_.notes.append(too_few_folds(count, draft.folds))
            return
        outside = [np.empty((count, draft.n_outputs_), dtype=np.float32) for _ in range(2)]
        fold = np.random.default_rng([int(draft.seed), 3]).permutation(count) % draft.folds
        for number in range(draft.folds):
            others, own = self.learned[fold != number], self.learned[fold == number]
            network, _ = self._network(others, own, draft.folds - number)
            if self.interrupted():
                return
            outside[0][fold == number] = network_outputs(network, part(self.narrow, own), draft._groups())
            ridge = fit_ridge(*self._pair(self.rows, others), draft.alpha_)
            outside[1][fold == number] = ridge.predict(part(self.rows, own))
        known = beside(part(self.rows, self.learned), *outside), self.values[self.learned]
        draft.stack_, alpha = best_ridge(known, (beside(check[0], *parts), check[1]), draft.alphas, self.interrupted)
        draft.report_.plan["alpha of the stack"] = alpha

    def _network(self, learned: Places, kept: Places, trainings: int) -> tuple[DenseNet, History]:
        """A network trained on the rows `learned`, one of so many trainings that are still to come."""
        from lilliput.tasks.text_regressor_network import train

        end = None
        if self.promise.left is not None:
            keep = max(CLOSING, RIDGE_SHARE * (self.promise.budget.time or 0.0))
            end = time.monotonic() + (self.promise.left - keep) / trainings
        return train(self.trainee, self.narrow, self.values, learned, kept, end)


def _rows(draft: TextRegressor, X: Any) -> Compressed:
    """X, texts or a matrix, as sparse rows; what makes rows of texts is kept."""
    draft.features_ = None
    if isinstance(X, Compressed):
        return X
    groups = []
    if tuple(draft.words) != (0, 0):
        groups.append(NGrams("word", *draft.words, bits=WORD_BITS))
    if tuple(draft.chars) != (0, 0):
        groups.append(NGrams("char", *draft.chars, bits=CHAR_BITS))
    draft.features_ = TfIdf.of(X, groups, draft.ridge_columns, threads=draft.threads)
    return draft.features_.rows(X, draft.threads)


def _with_sizes(
    draft: TextRegressor, X: Any, rows: Compressed, known: tuple[Floats, Places], sizes: Sizes
) -> Compressed:
    """Give `draft` the columns that `sizes` has room for, and a note of what gave way; the rows of these columns."""
    values, learned = known
    frame, found = frame_of(draft), rows.shape[1]
    draft.bits_, draft.kept_ = sizes.bits, None
    draft.report_.plan |= described(sizes)
    kept, worths = np.arange(found, dtype=np.int32), None
    if sizes != frame.whole:
        draft.report_.notes.append(note_of(sizes, frame))
    if sizes.columns < found or sizes.narrow < frame.whole.narrow:
        worths = worth(part(rows, learned), values[learned])
        kept = most_worth(worths, sizes.columns)
    if draft.features_ is None and sizes.columns < found:
        draft.kept_ = kept
        rows = narrowed(rows, kept)
    elif draft.features_ is not None and sizes != frame.whole:
        draft.features_ = with_columns(draft.features_, kept, sizes.bits)
        draft.n_features_in_ = sizes.columns
        rows = draft.features_.rows(X, draft.threads)
    narrow = sizes.narrow
    draft.narrow_ = most_frequent(rows, narrow) if worths is None else most_worth(worths[kept], narrow)
    return rows


def _report(draft: TextRegressor, rows: Compressed, values: Floats, held_out: int) -> Any:
    from lilliput.core.measure import versions
    from lilliput.core.report import Report

    mark = fingerprint(rows.data, rows.indices, rows.indptr, values)
    return Report(
        draft.task,
        {},
        f"{held_out:,} rows at random, which also chose penalty, pass and blend" if held_out else NOTHING,
        int(draft.seed),
        versions=versions(),
        data={"rows": len(values), "columns": rows.shape[1], "outputs": values.shape[1], "fingerprint": mark},
        plan={"model": draft.model},
    )


def _quality(draft: TextRegressor, rows: Compressed, wanted: Floats, name: str) -> dict[str, Any]:
    return _measured(held(draft._raw(rows), draft._groups()), wanted, name)


def _measured(found: Floats, wanted: Floats, name: str) -> dict[str, Any]:
    """The root mean squared error over all values."""
    errors = ((found.astype(np.float64) - wanted) ** 2).mean(axis=1)
    parts = np.column_stack([errors, np.ones(len(errors))])
    return bootstrap({name: Statistic(parts, lambda sums: np.sqrt(sums[..., 0] / sums[..., 1]))}, 0)
