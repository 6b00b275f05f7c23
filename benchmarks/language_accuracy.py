"""Languages within a megabyte: accuracy, mixed text, speed and memory, beside fastText, lingua, langid and langdetect.

    python benchmarks/language_accuracy.py [--budget 1MB ...] [--fasttext PYTHON] [--peers PYTHON] [--json FILE]

Everyone answers for the test lines of the lingua detector (75 languages): single words, word pairs, sentences; accuracy
is the mean over the languages. We and fastText learn from the same rows of `langid/train_text` and
`langid/frequency_words`, which fastText gets cut into words, pairs, a few words and whole texts, since it is worse on
the rows as they are. Its settings are the best of a search on sources of `train_text` that were kept back, as were
ours; its best on each set of lines is the bar. The others are as shipped; lines in languages that one does not know
count as wrong for it, and the slowest gets the first lines of each language alone. `--peers` names an interpreter that
has them; what cannot be imported there is left out. In the end each bar stands beside what was measured.
"""

from __future__ import annotations

import argparse
import json
import lzma
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lilliput import LanguageIdentifier, load
from lilliput.tasks.language_pieces import cut_text, words

SETS = {"words": "single_words", "pairs": "word_pairs", "sentences": "sentences"}
PEERS = ("lingua", "lingua-low", "langid", "langdetect")
MIXED = 1000
WITHIN = 3
"""Words within which a border counts as found."""
LINES = {"langdetect": 100}
"""Lines of a language that a slow peer gets of each set, at most."""
SETTINGS: tuple[dict[str, Any], ...] = (
    {"dim": 16, "minn": 1, "maxn": 5, "lr": 0.5, "epoch": 5},
    {"dim": 50, "minn": 1, "maxn": 5, "lr": 0.5, "epoch": 5},
    {"dim": 16, "minn": 2, "maxn": 4, "lr": 0.5, "epoch": 5},
)
"""Of fastText."""
Rows = tuple[list[str], list[str]]


def table(path: Path) -> list[list[str]]:
    with lzma.open(path, "rt", encoding="utf-8") as file:
        return [line.rstrip("\n").split("\t") for line in file]


def training_rows(folder: Path) -> Rows:
    """Sentences, and the frequent words of film subtitles."""
    rows = [(text, language) for language, _, text in table(folder / "train_text.tsv.xz")]
    rows += [(word, language) for language, word, _ in table(folder / "frequency_words.tsv.xz")]
    return [text for text, _ in rows], [language for _, language in rows]


def test_rows(folder: Path) -> dict[str, Rows]:
    found = {}
    for name, file in SETS.items():
        rows = table(folder / f"lingua_{file}.tsv.xz")
        found[name] = ([text for _, text in rows], [language for language, _ in rows])
    return found


def mean_accuracy(answers: list[Any], wanted: list[str]) -> float:
    """Mean over the languages of the share that is right."""
    rows, right = Counter(wanted), Counter(w for a, w in zip(answers, wanted, strict=True) if a == w)
    return statistics.mean(right[language] / count for language, count in rows.items())


def accuracies(answers: dict[str, list[Any]], tests: dict[str, Rows]) -> dict[str, float]:
    found = {name: mean_accuracy(answers[name], tests[name][1]) for name in tests}
    return {**found, "mean": statistics.mean(found.values())}


def mixed_text(model: LanguageIdentifier, sentences: Rows) -> dict[str, float]:
    """How often the border between two sentences of different languages is near, and both languages are right."""
    generator = random.Random(0)
    pairs = list(zip(*sentences, strict=True))
    near = right = each = 0
    for _ in range(MIXED):
        (first, before), (second, after) = generator.sample(pairs, 2)
        while after == before:
            second, after = generator.choice(pairs)
        text = f"{first} {second}"
        spans = model.spans(text)
        starts = [word.start for word in words(text)]
        border = sum(start <= len(first) for start in starts)
        near += any(abs(sum(start < span.start for start in starts) - border) <= WITHIN for span in spans[1:])
        told = {before, after} & set(list(model.shares(text))[:2])
        right += len(told) == 2
        each += len(told)
    return {"border_near": near / MIXED, "both_right": right / MIXED, "languages_right": each / MIXED / 2}


def in_own_process(program: str, *arguments: str) -> list[float]:
    """What a program prints as numbers, in a process of its own."""
    done = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=True)
    return [float(number) for number in done.stdout.split()]


COLD = """
import sys, time
started = time.perf_counter()
import lilliput, lilliput.core.measure
lilliput.load(sys.argv[1]).predict(["a first text to be told"])
print(time.perf_counter() - started, lilliput.core.measure.peak_memory() or 0)
"""
RESIDENT = """
import json, os, sys, time
from pathlib import Path
import lilliput
texts = json.loads(Path(sys.argv[2]).read_text())
model = lilliput.load(sys.argv[1]).set_params(threads=1)
model.predict(texts[:2000])
started = time.perf_counter()
model.predict(texts)
rate = len(texts) / (time.perf_counter() - started)
pages = int(Path("/proc/self/statm").read_text().split()[1])
print(rate, pages * os.sysconf("SC_PAGE_SIZE"))
"""


def ours(budget: str, train: Rows, tests: dict[str, Rows], folder: Path) -> dict[str, Any]:
    file = folder / f"{budget}.safetensors"
    started = time.perf_counter()
    size = LanguageIdentifier(budget=budget, progress=False).fit(*train).save(file)
    seconds = time.perf_counter() - started
    model: Any = load(file)
    answers = {name: model.predict(texts).tolist() for name, (texts, _) in tests.items()}
    (folder / "texts.json").write_text(json.dumps(tests["sentences"][0]))
    rate, resident = in_own_process(RESIDENT, str(file), str(folder / "texts.json"))
    cold, cold_peak = map(statistics.median, zip(*(in_own_process(COLD, str(file)) for _ in range(3)), strict=True))
    found = {"rate": rate, "resident": resident, "cold_s": cold, "cold_peak": cold_peak}
    found |= {"fit_s": seconds, "bytes": size}
    return {**accuracies(answers, tests), **mixed_text(model, tests["sentences"]), **found}


def peer(name: str, python: str, tests: dict[str, Rows], **more: Any) -> dict[str, Any] | None:
    """A peer in its interpreter; None where it cannot be imported."""
    tests = {key: first_lines(rows, LINES[name]) for key, rows in tests.items()} if name in LINES else tests
    job = {"sets": {name: texts for name, (texts, _) in tests.items()}, "threads": 1, **more}
    command = [python, str(Path(__file__).with_name("peers_languages.py")), name]
    done = subprocess.run(command, input=json.dumps(job), capture_output=True, text=True)
    if done.returncode:
        if "ModuleNotFoundError" in done.stderr:
            return None
        raise RuntimeError(done.stderr)
    said = json.loads(done.stdout)
    found = {"rate": said["rates"]["sentences"], "resident": said["resident"], "fit_s": said["ready_s"]}
    return {**accuracies(said["answers"], tests), **found}


def first_lines(rows: Rows, most: int) -> Rows:
    """The first so many lines of each language."""
    seen: Counter[str] = Counter()
    kept = []
    for text, language in zip(*rows, strict=True):
        seen[language] += 1
        if seen[language] <= most:
            kept.append((text, language))
    return [text for text, _ in kept], [language for _, language in kept]


def fast_text(python: str, train: Rows, tests: dict[str, Rows], most: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """The real fastText on pieces of the rows that we learn from, with the first of its settings."""
    generator = random.Random(0)
    paired = [(piece, language) for text, language in zip(*train, strict=True) for piece in cut_text(text, generator)]
    generator.shuffle(paired)  # fastText learns in the order of the file
    rows = list(map(list, zip(*paired, strict=True)))
    for chosen in SETTINGS[:most]:
        answer = peer("fasttext", python, tests, train=rows, settings=chosen, threads=os.cpu_count())
        if answer is not None:
            yield "fasttext " + " ".join(f"{key}={value}" for key, value in chosen.items()), answer


def show(name: str, found: dict[str, Any]) -> str:
    text = f"{name:<44}" + " ".join(f"{100 * found[key]:6.2f}" for key in (*SETS, "mean"))
    text += f"  {found['rate']:>9,.0f}/s {found['resident'] / 1e6:6,.0f} MB {found['fit_s']:6.1f} s"
    if "cold_s" in found:
        text += f"; cold {found['cold_s']:.2f} s, {found['cold_peak'] / 1e6:.0f} MB; {found['bytes']:,} bytes"
    return text


def bars(mine: dict[str, Any], found: dict[str, Any]) -> Iterator[str]:
    """Each bar, what is asked and what was measured."""

    def line(name: str, measured: float, asked: float, unit: str, most: bool = False) -> str:
        met = measured <= asked if most else measured >= asked
        wanted = f"{'at most' if most else 'at least'} {asked:,.2f} {unit}"
        return f"{name:<44}{measured:>10,.2f}  {wanted:<24}{'met' if met else 'missed'}"

    fast = [answer for name, answer in found.items() if name.startswith("fasttext")]
    for name in SETS if fast else ():
        yield line(f"{name}, fastText's best", 100 * mine[name], 100 * max(answer[name] for answer in fast), "%")
    yield line("sentences", 100 * mine["sentences"], 93, "%")
    yield line("mean", 100 * mine["mean"], 80, "%")
    if found.get("lingua"):
        yield line("detections a second, of lingua's", mine["rate"] / found["lingua"]["rate"], 20, "times")
        yield line("resident memory, of lingua's", mine["resident"] / found["lingua"]["resident"], 0.1, "times", True)
    yield line("mixed text: border within 3 words", 100 * mine["border_near"], 90, "%")
    yield line("mixed text: a language is right", 100 * mine["languages_right"], 90, "%")
    yield line("mixed text: both languages are right", 100 * mine["both_right"], 90, "%")
    yield line("first prediction, cold", mine["cold_s"], 0.35, "s", True)
    yield line("its peak memory", mine["cold_peak"] / 1e6, 70, "MB", True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("LILLIPUT_DATA", beside)))
    parser.add_argument("--budget", action="append")
    parser.add_argument("--fasttext", default=os.environ.get("LILLIPUT_FASTTEXT"), metavar="PYTHON")
    parser.add_argument("--settings", type=int, default=len(SETTINGS), help="of fastText, at most")
    parser.add_argument("--peers", default=sys.executable, metavar="PYTHON")
    parser.add_argument("--peer", action="append", choices=PEERS, help="only these; all if none is named")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    train, tests = training_rows(arguments.data / "langid"), test_rows(arguments.data / "langid")
    print(f"{'':<44}" + " ".join(f"{name:>6.6}" for name in (*SETS, "mean")), flush=True)
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        for budget in arguments.budget or ["1MB"]:
            found[f"ours {budget}"] = ours(budget, train, tests, Path(folder))
            print(show(f"ours {budget}", found[f"ours {budget}"]), flush=True)
    for name in arguments.peer or PEERS:
        answer = peer(name, arguments.peers, tests)
        print(f"{name} is not here" if answer is None else show(name, answer), flush=True)
        found[name] = answer
    if arguments.fasttext:
        for name, answer in fast_text(arguments.fasttext, train, tests, arguments.settings):
            found[name] = answer
            print(show(name, answer), flush=True)
    for budget in arguments.budget or ["1MB"]:
        print(f"\nours {budget}", *bars(found[f"ours {budget}"], found), sep="\n")
    if arguments.json:
        arguments.json.write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
