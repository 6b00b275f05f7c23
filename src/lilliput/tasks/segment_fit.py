"""How a segmenter is fitted: read, find the words, plan, train, measure, and hold the result against the budget."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lilliput.compress.valuemap import ValueMap
from lilliput.core.budget import Budget
from lilliput.core.errors import BudgetError, DataError, DeviceError, LilliputError
from lilliput.core.measure import latency, versions
from lilliput.core.progress import Progress
from lilliput.core.report import Report
from lilliput.core.threads import resolve_threads
from lilliput.features.joining import Joined
from lilliput.features.lexicon import FOLDS, cross_fitted, whole_stretches, word_keys
from lilliput.features.marks import grapheme_marks, token_marks
from lilliput.features.pieces import UNITS, Pieces, pieces
from lilliput.features.window_kernels import tokens_of
from lilliput.features.windows import CASED
from lilliput.nets.tagging import best_paths, tag_chances
from lilliput.planning.segnet import segment_recipe
from lilliput.planning.tagnet import TaggedNet, TagProblem, TagRecipe, held_sentences, least_room, train_tagger
from lilliput.tasks.machine_code import drop_stale
from lilliput.tasks.promise import Promise, round_memory
from lilliput.tasks.segment_bulk import Laid, lay_out
from lilliput.tasks.segment_quality import Cut, measures
from lilliput.tasks.segment_texts import TAGS, Answer, begins, cut_of, is_begin, joined_texts, tags_of
from lilliput.tasks.tag_fit import TRAINED, TRIES, close_report, plan_of
from lilliput.training.sentences import Tagged

if TYPE_CHECKING:
    from lilliput.tasks.segment import Segmenter

OVERHEAD = 4_500
"""Bytes of the manifest and the report, about; what is missing is taken from the tables."""
LEXICON_SHARE = 0.3
"""Of the bytes of a model, at most so many are for its lexicon."""
MOST_LEAST = 4
"""How often a word must occur to be in the lexicon, at most, lest there be none."""
LEXICON_ERROR = 1 / 4096
"""Share of the stretches that are no words and are taken for some."""
SAMPLES = 200
"""Held-out texts on which latency is measured."""
PIECES = {"word": "character", "sentence": "token"}
TEMPERATURES = np.geomspace(0.3, 3.0, 47)


class Read(NamedTuple):
    """Texts, their pieces, these as tagged tokens, the lexicon, and a hash of texts and borders."""

    texts: list[Joined]
    found: list[Pieces]
    tagged: Tagged
    lexicon: ValueMap | None
    lost: int
    fingerprint: str


def fit(model: Segmenter, items: Iterable[Any], started: float) -> None:
    """Fit `model` within its budget, whose time began at `started`; an error leaves it as it was."""
    if model.unit not in UNITS:
        raise LilliputError(f"unit={model.unit!r}: expected {' or '.join(map(repr, UNITS))}")
    if model.device not in ("auto", "cpu"):
        raise DeviceError(f"device={model.device!r}: segmenting runs on the processor; use 'auto' or 'cpu'")
    drop_stale()
    promise = Promise(Budget.parse(model.budget), started)
    read = read_texts(items, model.unit, model.seed, promise.budget.memory)
    promise.hold_reading()
    recipe = segment_recipe(model.unit, len(read.tagged))
    overhead = OVERHEAD + lexicon_bytes(read.lexicon)
    room = None if promise.budget.memory is None else float(promise.budget.memory - overhead)
    for _ in range(TRIES):
        trained = _train(model, read, recipe, room, overhead, promise)
        draft = _draft(model, read, trained, recipe, promise)
        excess = promise.excess(len(draft.to_bytes()))
        if room is None or excess <= 0 or draft.interrupted_ or promise.end is not None:
            break
        room -= excess + 16
    close_report(draft, promise)
    vars(model).update({name: value for name, value in vars(draft).items() if name.endswith("_")})
    if draft.interrupted_:
        raise KeyboardInterrupt


def read_texts(items: Iterable[Any], unit: str, seed: int, memory: int | None) -> Read:
    """All texts that have segments, as tagged tokens; `DataError` if there are none."""
    texts = [joined for joined in joined_texts(items, unit) if joined.spans]
    if not texts:
        raise DataError(f"there is no text with {unit}s to learn from")
    found = [pieces(joined.text, unit) for joined in texts]
    tags = [tags_of(joined.text, one, joined.spans, unit) for joined, one in zip(texts, found, strict=True)]
    numbers = np.array([tag for one in tags for tag in one.tags], dtype=np.int32)
    laid = lay_out([joined.text for joined in texts], found)
    lexicon = None
    if unit == "sentence":
        marks = token_marks(laid.kinds)
    else:
        marks, lexicon = _marked(laid, texts, found, seed, memory)
    digest = hashlib.blake2b(laid.packed.buffer.data, digest_size=8)
    digest.update(numbers.data)
    tagged = Tagged(laid.packed, laid.borders, numbers, None, marks)
    return Read(texts, found, tagged, lexicon, sum(one.lost for one in tags), digest.hexdigest())


def _marked(
    laid: Laid, texts: list[Joined], found: list[Pieces], seed: int, memory: int | None
) -> tuple[NDArray[np.int32], ValueMap | None]:
    """Marks of the graphemes, those of each text by a lexicon without it; and the lexicon of all texts.

    Where all words would take too much of the memory, the lexicon has only those that occur often enough.
    """
    characters = tokens_of(laid.packed, laid.borders).atoms[:, CASED]
    keys, whole = word_keys(characters), whole_stretches(laid.borders)
    sizes = np.concatenate([_word_sizes(joined, one) for joined, one in zip(texts, found, strict=True)])
    drawn = np.random.default_rng([seed, 3]).permutation(len(texts)) % FOLDS
    folds = np.repeat(drawn, np.diff(laid.borders))
    for least in range(1, MOST_LEAST + 1):
        stretches, words = cross_fitted(keys, whole, sizes, folds, least)
        lexicon = ValueMap.build(*words, LEXICON_ERROR) if len(words.keys) else None
        if memory is None or lexicon_bytes(lexicon) <= LEXICON_SHARE * memory:
            break
    else:
        stretches, lexicon = np.full(keys.shape, -1, dtype=np.int64), None
    return grapheme_marks(laid.kinds, characters, laid.borders, stretches), lexicon


def lexicon_bytes(lexicon: ValueMap | None) -> int:
    """Bytes of a lexicon's arrays."""
    return 0 if lexicon is None else sum(array.nbytes for array in lexicon.arrays().values())


def _word_sizes(joined: Joined, found: Pieces) -> NDArray[np.int64]:
    """Graphemes of the word that begins at each piece of a text, 0 where none does."""
    place = {span.start: at for at, span in enumerate(found.spans)}
    after = {span.end: at + 1 for at, span in enumerate(found.spans)}
    sizes = np.zeros(len(found.spans), dtype=np.int64)
    for start, end in joined.spans:
        if start in place and end in after:
            sizes[place[start]] = after[end] - place[start]
    return sizes


def _train(
    model: Segmenter, read: Read, recipe: TagRecipe, room: float | None, overhead: int, promise: Promise
) -> TaggedNet:
    tags = len(TAGS)
    least = least_room(recipe, tags)
    if room is not None and room < least:
        smallest = round_memory(overhead + least)
        raise BudgetError(
            f"no useful segmenter fits into {round(room) + overhead:,} bytes; "
            f"the smallest memory that would do is {smallest}",
            smallest,
        )
    end = None if promise.left is None else time.monotonic() + TRAINED * promise.left
    with Progress(
        len(read.tagged) * recipe.passes * 2, "learning", f"{PIECES[model.unit]}s", model.progress
    ) as progress:
        threads = resolve_threads(model.threads)
        problem = TagProblem(read.tagged, tags, model.seed, threads, room, end, progress.advance)
        return train_tagger(problem, recipe)


def _draft(
    model: Segmenter,
    read: Read,
    trained: TaggedNet,
    recipe: TagRecipe,
    promise: Promise,
) -> Segmenter:
    """A segmenter like `model` with the trained net, calibrated and measured."""
    draft = type(model)(**model.get_params())
    draft.net_, draft.transitions_, draft.lexicon_ = trained.net, trained.transitions, read.lexicon
    draft.interrupted_ = trained.interrupted
    held = held_sentences(len(read.texts), model.seed)
    texts = [read.texts[number] for number in held]
    draft.temperature_, cut = _calibrated(
        trained, texts, [read.found[number] for number in held], model.unit, resolve_threads(model.threads)
    )
    segments = sum(len(joined.spans) for joined in read.texts)
    report = draft.report_ = Report(
        model.task,
        measures(cut, model.unit) if cut is not None else {},
        _held_out(trained, len(texts), len(read.texts)),
        model.seed,
        data={"texts": len(read.texts), f"{model.unit}s": segments, "fingerprint": read.fingerprint},
        plan={
            **plan_of(trained, recipe, read.tagged, f"operations a {PIECES[model.unit]}"),
            "lexicon": _size(read.lexicon),
        },
        notes=[*_notes(read), *(["training was ended early by Ctrl-C"] if trained.interrupted else [])],
    )
    report.versions, report.threads = versions(), resolve_threads(model.threads)
    some = [joined.text for joined in (texts or read.texts)[:SAMPLES]]
    one = type(model)(**{**model.get_params(), "threads": 1})
    vars(one).update({name: value for name, value in vars(draft).items() if name.endswith("_")})
    seconds = 0.2 if promise.left is None else min(0.2, max(0.0, promise.left / 8))
    report.latency_p50_ms, report.latency_p95_ms = latency(lambda text: one.predict([text]), some, seconds)
    began = time.perf_counter()
    draft.predict(some)
    report.throughput = len(some) / (time.perf_counter() - began)
    return draft


def _calibrated(
    trained: TaggedNet, texts: list[Joined], found: list[Pieces], unit: str, threads: int
) -> tuple[float, Cut | None]:
    """The temperature at which the chances of borders are truest on the held-out texts, and what these come to."""
    if not texts:
        return 1.0, None
    best: tuple[float, float, Cut] | None = None
    transitions = trained.held_transitions.astype(np.float32)
    begun = is_begin(best_paths(trained.logits, transitions, trained.held.sentences, threads))
    for temperature in TEMPERATURES.tolist():
        given = tag_chances(trained.logits, transitions, trained.held.sentences, temperature, threads)
        cut = cut_of(texts, found, Answer(begun, begins(given)), unit)
        right = np.where(cut.wanted, cut.chances, 1 - cut.chances)[cut.free].astype(np.float64)
        cost = float(-np.log(np.maximum(right, 1e-12)).sum())
        if best is None or cost < best[0]:
            best = cost, temperature, cut
    assert best is not None
    return best[1], best[2]


def _held_out(trained: TaggedNet, held: int, texts: int) -> str:
    if not held:
        return f"nothing: {texts} texts are too few"
    told = f"{held:,} of {texts:,} texts, at random; they decided the temperature"
    return told + ("; measured before the saved model learned from them too" if trained.refitted else "")


def _notes(read: Read) -> list[str]:
    if not read.lost:
        return []
    return [f"{read.lost:,} borders of the training texts lie within a piece that is never cut, and were left out"]


def _size(lexicon: ValueMap | None) -> str:
    if lexicon is None:
        return "none"
    return f"{int(lexicon.header[0]):,} words in {lexicon_bytes(lexicon):,} bytes"
