"""A studio of its own process with small models, and a browser that allows nothing but what it should."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import numpy as np
import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.fixture(scope="session")
def model_files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A small model a task, by name; made once for all test workers."""
    shared = tmp_path_factory.getbasetemp()
    if os.environ.get("PYTEST_XDIST_WORKER"):
        shared = shared.parent
    folder, making = shared / "web-models", shared / "web-models-making"
    try:
        (shared / "web-models-lock").mkdir()
    except FileExistsError:
        until = time.monotonic() + 120
        while not folder.exists() and time.monotonic() < until:
            time.sleep(0.1)
    else:
        making.mkdir()
        for make in MAKERS:
            make(making)
        making.rename(folder)
    return {path.stem: path for path in sorted(folder.glob("*.safetensors"))}


class Running:
    """A studio that runs; ``client`` asks it, ``folder`` is where it writes."""

    def __init__(self, process: subprocess.Popen, url: str, folder: Path) -> None:
        self.process, self.url, self.folder = process, url, folder
        self.client = httpx.Client(base_url=url, timeout=30)
        self.port = urlsplit(url).port

    def log(self) -> str:
        """What it has said, once it has ended."""
        return self.process.communicate(timeout=20)[1]


@contextmanager
def serving(*arguments: str) -> Iterator[Running]:
    """`lilliput serve` on a free port."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        yield from _serving(Path(folder), arguments)


def _serving(folder: Path, arguments: Sequence[str]) -> Iterator[Running]:
    process = subprocess.Popen(
        [sys.executable, "-m", "lilliput", "serve", "--port", "0", *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(folder)},
    )
    try:
        said = ""
        while not (found := re.search(r"http://\S+", said)):
            line = process.stderr.readline()
            assert line, f"the studio ended: {said}"
            said += line
        studio = Running(process, found[0], next(folder.glob("lilliput-studio-*")))
        with studio.client:
            yield studio
    finally:
        process.terminate()
        try:
            process.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            raise


@pytest.fixture(scope="session")
def running() -> Callable:
    """Starts studios of one's own: ``with running(*arguments) as studio``."""
    return serving


@pytest.fixture(scope="session")
def studio(model_files: dict[str, Path]) -> Iterator[Running]:
    """A studio with all the models."""
    with serving(*map(str, model_files.values())) as found:
        yield found


@pytest.fixture(scope="session")
def chromium() -> Iterator:
    """A browser without a window."""
    if CHROMIUM is None:
        pytest.skip("there is no Chromium on this machine")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def page(chromium, studio: Running) -> Iterator:
    """A page; in the end nothing was logged as an error, and nothing was asked of anyone but the studio."""
    context = chromium.new_context(base_url=studio.url, viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.set_default_timeout(15_000)
    errors, elsewhere = [], []
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("request", lambda request: None if _ours(request.url, studio) else elsewhere.append(request.url))
    yield page
    context.close()
    assert not errors
    assert not elsewhere


def _ours(url: str, studio: Running) -> bool:
    return url.startswith((studio.url, "data:", "blob:"))


def _opinions(folder: Path) -> None:
    from lilliput import TextClassifier

    good, bad = ["good", "great", "fine", "lovely"], ["bad", "dull", "poor", "awful"]
    texts = [f"a {word} {thing}" for word in good + bad for thing in ("film", "book", "song", "play", "dinner")]
    labels = ["praise"] * (len(texts) // 2) + ["blame"] * (len(texts) // 2)
    TextClassifier(budget="50KB", progress=False).fit(texts * 5, labels * 5).save(folder / "opinions.safetensors")


def _tongues(folder: Path) -> None:
    from lilliput import LanguageIdentifier

    english = ["the cat is on the roof", "where is the house", "they were there with us", "this is what they thought"]
    french = ["le chat est sur le toit", "ou est la maison", "ils etaient avec nous", "voila ce que nous pensons"]
    model = LanguageIdentifier(budget="50KB", progress=False)
    model.fit((english + french) * 10, (["en"] * 4 + ["fr"] * 4) * 10).save(folder / "tongues.safetensors")


def _tagger(folder: Path) -> None:
    from lilliput import SequenceTagger

    words = [["the", "dog", "ran"], ["the", "cat", "sat"], ["a", "dog", "sat"]] * 10
    tagger = SequenceTagger(budget="50KB", progress=False).fit(words, [["DET", "NOUN", "VERB"]] * 30)
    tagger.save(folder / "tagger.safetensors")


def _cutter(folder: Path) -> None:
    from lilliput import Segmenter

    words = [["\u732b", "\u559c\u6b22", "\u9c7c"], ["\u72d7", "\u559c\u6b22", "\u8089"]] * 20
    Segmenter(budget="50KB", progress=False).fit(words).save(folder / "cutter.safetensors")


def _meals(folder: Path) -> None:
    from lilliput import PairingRecommender

    west, east = ["bread", "butter", "jam", "salt"], ["rice", "soy sauce", "ginger", "salt"]
    baskets = [[*(part[:place] + part[place + 1 :])] for part in (west, east) for place in range(4)] * 10
    kitchens = [kitchen for kitchen in ("West", "East") for _ in range(4)] * 10
    PairingRecommender(dim=8, progress=False).fit(baskets, kitchens).save(folder / "meals.safetensors")


def _vectors(folder: Path) -> None:
    from lilliput import WordVectors

    words = ["king", "queen", "man", "woman", "New York", "apple", "x\udcff"]
    places = [[2, 0, 1], [2, 1, 1], [1, 0, 0.2], [1, 1, 0.2], [0, 2, 2], [0, -1, 2], [-1, -2, 1]]
    WordVectors.of(words, np.array(places, dtype=np.float32)).save(folder / "vectors.safetensors")


def _accounts(folder: Path) -> None:
    from lilliput import InfluencerRanker

    edges = [("ann", "bob"), ("cem", "bob"), ("bob", "ann"), ("bob", "Dora"), ("Dora", "ann"), ("\u00e9va", "cem")]
    more = [(f"fan {number}", "bob") for number in range(40)]
    model = InfluencerRanker(seeds=["bob"], progress=False).fit(edges + more)
    model.save(folder / "accounts.safetensors")


def _arrays(folder: Path) -> None:
    from lilliput import Perceptron, PolynomialNetwork, StreamingPCA, WordClusters

    rng = np.random.default_rng(0)
    rows = rng.normal(size=(60, 3))
    sides = np.where(rows[:, 0] > 0, "up", "down")
    Perceptron(progress=False).fit(rows, sides).save(folder / "sides.safetensors")
    PolynomialNetwork(progress=False).fit(rows, 2 * rows[:, 0] + 1).save(folder / "line.safetensors")
    StreamingPCA(2, progress=False).fit(rows).save(folder / "axes.safetensors")
    texts = ["the dog ran home", "the cat ran home", "a dog sat there"] * 10
    WordClusters(2, progress=False).fit(texts).save(folder / "groups.safetensors")


MAKERS = (_opinions, _tongues, _tagger, _cutter, _meals, _vectors, _accounts, _arrays)
"""Each writes a small model into a folder."""
