from __future__ import annotations

from contextlib import contextmanager, suppress
from copy import copy
from dataclasses import dataclass, field
from functools import cache
from itertools import product

import numpy as np
import pytest

from lilliput.core import bootstrap, measure
from lilliput.core.errors import BudgetError
from lilliput.data.builtin import docstrings
from lilliput.planning import recipes
from lilliput.tasks import label_report
from lilliput.tasks.label import TextClassifier

FILLER = ["der", "die", "das", "und", "oder", "auch", "nur", "noch", "immer", "wieder", "été", "и", "上"]
COLOURS = ["rot", "grün", "blau", "gelb", "weiß", "schwarz", "braun", "grau", "lila", "rosa", "türkis", "beige"]
SHARES = {"wenig": 0.1, "halb": 0.5, "viel": 0.9}


@dataclass(frozen=True)
class Kind:
    """A kind of problem: how many labels, how many of them a text has, and how the model is to be made."""

    labels: int
    mode: str = "single"
    options: dict = field(default_factory=dict)


KINDS = {
    "two labels": Kind(2),
    "twelve labels": Kind(12),
    "multi": Kind(4, "multi"),
    "soft": Kind(3, "soft"),
    "linear": Kind(3, options={"network": "linear", "balanced": True}),
    "embedding": Kind(3, options={"network": "embedding"}),
}


@cache
def toy_rows(name, count=240, seed=0):
    """Texts of filler in which words tell the targets of a kind of problem, and the targets."""
    kind = KINDS[name]
    generator = np.random.default_rng(seed)
    names = COLOURS[: kind.labels]
    texts, targets = [], []
    for _ in range(count):
        words = list(generator.choice(FILLER, size=generator.integers(2, 9)))
        if kind.mode == "soft":
            levels = generator.choice(list(SHARES), size=len(names))
            words += [level + name for level, name in zip(levels, names, strict=True)]
            target = {name: SHARES[level] for level, name in zip(levels, names, strict=True)}
        else:
            size = 1 if kind.mode == "single" else generator.integers(0, 3)
            target = sorted(generator.choice(names, size=size, replace=False).tolist())
            words += target
        texts.append(" ".join(generator.permutation(words)))
        targets.append(target[0] if kind.mode == "single" else target)
    return texts, targets


@contextmanager
def quick():
    """Tiny fits take a third of the time: fewer buckets to count in, and less time to measure in."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(label_report, "latency", lambda function, samples, seconds: measure.latency(function, samples, 0))
        patch.setattr(recipes, "COUNT_BITS", 18)
        patch.setattr(bootstrap, "RESAMPLES", 20)
        yield


@cache
def fitted_once(name):
    with quick():
        return TextClassifier(**KINDS[name].options, threads=1, progress=False).fit(*toy_rows(name))


@pytest.fixture(scope="module", autouse=True)
def quick_fits():
    with quick():
        yield


@pytest.fixture(params=KINDS)
def kind(request):
    """The name of a kind of problem, one after the other."""
    return request.param


@pytest.fixture(scope="session")
def toy():
    """(texts, targets) of a kind, by its name."""
    return lambda name, count=240, seed=0: tuple(map(list, toy_rows(name, count, seed)))


@pytest.fixture(scope="session")
def options():
    """Parameters of the models for a kind, by its name."""
    return lambda name: KINDS[name].options


@pytest.fixture(scope="session")
def fitted():
    """The model fitted to `toy(name)`, the same in all tests: not to be changed."""
    return fitted_once


@pytest.fixture
def fresh(fitted):
    """A model like `fitted(name)` that a test may change."""
    return lambda name: copy(fitted(name))


@pytest.fixture(scope="session")
def wordy():
    """(texts, labels) with more n-grams than fit into most budgets."""

    @cache
    def made(labels, rows, seed):
        generator = np.random.default_rng(seed)
        vocabulary = ["".join(parts) for parts in product("bdfgklmnprst", "aeiou", "klmnrst", "aeiou")]
        texts, targets = [], []
        for row in range(rows):
            label = row % labels
            words = generator.choice(vocabulary, size=25).tolist()
            texts.append(" ".join([*words, vocabulary[label], vocabulary[label + labels]]))
            targets.append(f"label {label}")
        return texts, targets

    return lambda labels=3, rows=300, seed=0: tuple(map(list, made(labels, rows, seed)))


@pytest.fixture(scope="session")
def real():
    """Docstrings of the standard library and their package, to learn from and to judge by: two pairs of lists."""
    texts, labels = docstrings()
    held = np.arange(len(texts)) % 4 == 0
    pairs = list(zip(texts, labels, strict=True))
    return tuple(
        tuple(map(list, zip(*(pair for pair, out in zip(pairs, held, strict=True) if out == part), strict=True)))
        for part in (False, True)
    )


@pytest.fixture
def patiently():
    """Call a check up to three times: other work on the machine can take the time that a budget leaves."""

    def check(action):
        for _ in range(2):
            with suppress(AssertionError, BudgetError):
                return action()
        return action()

    return check
