"""The labelled sets of the text benchmarks: name -> (train, test), read from the shared data folder.

Sets without a public test part are split by a hash of the text (of the subject, where a thread must not stand on both
sides), so that the split depends on nothing but the data.
"""

from __future__ import annotations

import gzip
import io
import json
import lzma
import os
import tarfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DATA = Path(os.environ.get("LILLIPUT_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))


SENTENCES, TWEETS = "sentences/sentences.tar.xz", "tweeteval/tweeteval.tar.xz"


@dataclass(frozen=True)
class LabelSet:
    """Texts and labels of one set; labels are strings, or lists of strings when a text has several."""

    name: str
    train: tuple[list[str], list[Any]]
    test: tuple[list[str], list[Any]]

    @property
    def multi(self) -> bool:
        return isinstance(self.train[1][0], list)


def _jsonl(path: str) -> Iterator[dict[str, Any]]:
    opened = lzma.open if path.endswith(".xz") else gzip.open
    with opened(DATA / path, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def _tar_tsv(path: str, member: str) -> tuple[list[str], list[str]]:
    with tarfile.open(DATA / path) as tar:
        stream = tar.extractfile(member)
        assert stream is not None
        rows = [line.rstrip("\n").split("\t", 1) for line in io.TextIOWrapper(stream, encoding="utf-8", newline="\n")]
    return [row[1] for row in rows], [row[0] for row in rows]


def _split(rows: Iterator[tuple[str, str, str]], name: str) -> LabelSet:
    """Keep a fifth of the rows (text, label, key) for testing, chosen by the checksum of the key."""
    parts: tuple[tuple[list[str], list[Any]], tuple[list[str], list[Any]]] = (([], []), ([], []))
    for text, label, key in rows:
        texts, labels = parts[zlib.crc32(key.encode()) % 5 == 0]
        texts.append(text)
        labels.append(label)
    return LabelSet(name, *parts)


def ag_news() -> LabelSet:
    train = list(_jsonl("ag_news/train10k.jsonl.gz"))
    test = list(_jsonl("ag_news/test.jsonl.gz"))
    return LabelSet(
        "ag_news",
        ([row["text"] for row in train], [str(row["label"]) for row in train]),
        ([f"{row['title']} . {row['description']}" for row in test], [str(row["label"]) for row in test]),
    )


def newsgroups() -> LabelSet:
    rows = _jsonl("newsgroups20/train.jsonl.xz")
    return _split(((f"{r['subject']}\n{r['text']}", r["group"], r["subject"]) for r in rows), "newsgroups20")


def cooking() -> LabelSet:
    rows = _jsonl("recipes/whats_cooking_train.jsonl.gz")
    texts = ((", ".join(r["ingredients"]), r["cuisine"]) for r in rows)
    return _split(((text, label, text) for text, label in texts), "whats_cooking")


def imdb() -> LabelSet:
    return _split(((r["text"], str(r["label"]), r["text"]) for r in _jsonl("imdb/train.jsonl.xz")), "imdb")


def sms() -> LabelSet:
    with gzip.open(DATA / "sms_spam/train.tsv.gz", "rt", encoding="utf-8") as lines:
        rows = [line.rstrip("\n").split("\t", 1) for line in lines]
    return _split(((text, label, text) for label, text in rows), "sms_spam")


def trec() -> LabelSet:
    parts = []
    for part in ("train", "test"):
        texts, labels = _tar_tsv(SENTENCES, f"trec.{part}.tsv")
        parts.append((texts, [label.split(":")[0] for label in labels]))
    return LabelSet("trec", *parts)


def sst2() -> LabelSet:
    train, test = (_tar_tsv(SENTENCES, f"sst2.{part}.tsv") for part in ("train", "test"))
    return LabelSet("sst2", train, test)


def goemotions() -> LabelSet:
    names = (DATA / "goemotions/labels.txt").read_text(encoding="utf-8").split()
    parts = []
    for part in ("train", "dev"):
        rows = list(_jsonl(f"goemotions/{part}.jsonl.gz"))
        parts.append(([row["text"] for row in rows], [[names[k] for k in row["labels"]] for row in rows]))
    return LabelSet("goemotions", *parts)


def emotion() -> LabelSet:
    train, test = (_tar_tsv(TWEETS, f"emotion.{part}.tsv") for part in ("train", "test"))
    return LabelSet("tweet_emotion", train, test)


def _parted(path: str, name: str) -> LabelSet:
    """A set with a training and a test part in a tar of TSV files."""
    return LabelSet(name, *(_tar_tsv(path, f"{name}.{part}.tsv") for part in ("train", "test")))


def _whole(name: str) -> LabelSet:
    texts, labels = _tar_tsv(SENTENCES, f"{name}.all.tsv")
    return _split(zip(texts, labels, texts, strict=True), name)


def trec_fine() -> LabelSet:
    return LabelSet("trec_fine", *(_tar_tsv(SENTENCES, f"trec.{part}.tsv") for part in ("train", "test")))


SETS: dict[str, Callable[[], LabelSet]] = {
    "ag_news": ag_news,
    "newsgroups20": newsgroups,
    "whats_cooking": cooking,
    "imdb": imdb,
    "sms_spam": sms,
    "trec": trec,
    "sst2": sst2,
    "goemotions": goemotions,
    "tweet_emotion": emotion,
}

FRESH: dict[str, Callable[[], LabelSet]] = {
    "sst5": lambda: _parted(SENTENCES, "sst5"),
    "trec_fine": trec_fine,
    **{name: lambda name=name: _whole(name) for name in ("mr", "subj", "cr", "mpqa")},
    **{name: lambda name=name: _parted(TWEETS, name) for name in ("hate", "irony", "offensive", "emoji")},
}
"""Sets that nobody looked at before our defaults were fixed."""
