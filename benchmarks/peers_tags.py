"""A peer that tags tokens, trained and tested on sentences; run by an interpreter that has it.

    PYTHON peers_tags.py crfsuite | nltk | spacy | fasttext < job.json

The job: {"train": [[words, tags], ...], "dev": ..., "test": [words, ...], "language": "en", "settings": {...}}.
Prints a JSON object: the tags of the test sentences, seconds of the fit, tokens a second, bytes of the model's files.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

Tag = Callable[[list[list[str]]], list[list[str]]]
Sentences = list[tuple[list[str], list[str]]]


def features(words: list[str]) -> list[list[str]]:
    """What CRFsuite and fastText are given of each token of a sentence."""
    lower = [word.lower() for word in words]
    found = []
    for at, word in enumerate(words):
        shape = "".join("X" if c.isupper() else "x" if c.islower() else "0" if c.isdigit() else c for c in word)
        own = ["bias", f"w={lower[at]}", f"W={word}", f"shape={shape}"]
        own += [f"{name}{size}={piece}" for size in (1, 2, 3, 4) for name, piece in _affixes(lower[at], size)]
        for offset in (-2, -1, 1, 2):
            there = 0 <= at + offset < len(words)
            own.append(f"{offset}={lower[at + offset] if there else '-'}")
            if there and abs(offset) == 1:
                own.append(f"{offset}s={lower[at + offset][-3:]}")
        found.append(own)
    return found


def _affixes(word: str, size: int) -> list[tuple[str, str]]:
    return [("p", word[:size]), ("s", word[-size:])] if len(word) >= size else []


def crfsuite(job: dict[str, Any], folder: Path) -> Tag:
    """CRFsuite by the algorithm of the settings, all else of which are its own parameters."""
    import pycrfsuite

    settings = dict(job["settings"])
    trainer = pycrfsuite.Trainer(algorithm=settings.pop("algorithm"), verbose=False)
    for words, tags in job["train"]:
        trainer.append(features(words), tags)
    trainer.set_params(settings)
    file = str(folder / "model.crfsuite")
    trainer.train(file)
    tagger = pycrfsuite.Tagger()
    tagger.open(file)
    return lambda sentences: [tagger.tag(features(words)) for words in sentences]


def nltk(job: dict[str, Any], folder: Path) -> Tag:
    """NLTK's averaged perceptron."""
    from nltk.tag.perceptron import PerceptronTagger

    tagger = PerceptronTagger(load=False)
    tagger.train([list(zip(words, tags, strict=True)) for words, tags in job["train"]])
    (folder / "model.json").write_text(json.dumps(tagger.model.weights))
    return lambda sentences: [[tag for _, tag in tagger.tag(words)] for words in sentences]


def spacy(job: dict[str, Any], folder: Path) -> Tag:
    """The tagger of spaCy from zero, by its default configuration for the processor, stopped early on the dev part."""
    import spacy as library
    from spacy.cli.init_config import init_config
    from spacy.tokens import Doc, DocBin
    from spacy.training.initialize import init_nlp
    from spacy.training.loop import train

    language = "xx" if job["language"] in ("vi", "zh") else job["language"]  # these would cut the text themselves
    config = init_config(lang=language, pipeline=["tagger"], optimize="efficiency", gpu=False, silent=True)
    vocab = library.blank(language).vocab
    for name in ("train", "dev"):
        kept = DocBin(docs=[Doc(vocab, words=words, tags=tags) for words, tags in job[name]])
        kept.to_disk(folder / f"{name}.spacy")
        config["paths"][name] = str(folder / f"{name}.spacy")
    config["training"].update(job["settings"])
    quiet = {"@loggers": "spacy.ConsoleLogger.v1", "progress_bar": False}
    config["training"]["logger"] = quiet
    (folder / "model").mkdir()
    with (folder / "log").open("w") as log:
        train(init_nlp(config), folder / "model", stdout=log, stderr=log)
    nlp = library.load(folder / "model" / "model-best")
    for name in ("train.spacy", "dev.spacy", "log"):
        (folder / name).unlink()
    shutil.rmtree(folder / "model" / "model-last")

    def tag(sentences: list[list[str]]) -> list[list[str]]:
        docs = nlp.pipe(Doc(nlp.vocab, words=words) for words in sentences)
        return [[token.tag_ for token in doc] for doc in docs]

    return tag


def fasttext(job: dict[str, Any], folder: Path) -> Tag:
    """The real fastText: a token is a text, its words what CRFsuite is given of it."""
    import fasttext as library

    library.FastText.eprint = lambda *args: None

    def text(items: list[str]) -> str:
        return " ".join("_".join(item.split()) for item in items)

    file = folder / "train.txt"
    with file.open("w", encoding="utf-8") as out:
        for words, tags in job["train"]:
            out.writelines(f"__label__{tag} {text(items)}\n" for items, tag in zip(features(words), tags, strict=True))
    model = library.train_supervised(str(file), verbose=0, **job["settings"])
    model.save_model(str(folder / "model.bin"))
    file.unlink()

    def tag(sentences: list[list[str]]) -> list[list[str]]:
        made = []
        for words in sentences:
            found, _ = model.predict([text(items) for items in features(words)])
            made.append([labels[0].removeprefix("__label__") for labels in found])
        return made

    return tag


PEERS: dict[str, Callable[[dict[str, Any], Path], Tag]] = {
    "crfsuite": crfsuite,
    "nltk": nltk,
    "spacy": spacy,
    "fasttext": fasttext,
}


def main() -> None:
    job = json.load(sys.stdin)
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        tag = PEERS[sys.argv[1]](job, Path(folder))
        seconds = time.perf_counter() - started
        size = sum(file.stat().st_size for file in Path(folder).rglob("*") if file.is_file())
        tag(job["test"][:10])
        started = time.perf_counter()
        tags = tag(job["test"])
        rate = sum(map(len, job["test"])) / (time.perf_counter() - started)
        json.dump({"tags": tags, "fit_s": seconds, "rate": rate, "bytes": size}, sys.stdout)


if __name__ == "__main__":
    main()
