"""A peer that tells languages, over texts; run by an interpreter that has it.

    PYTHON peers_languages.py fasttext | lingua | lingua-low | langid | langdetect < job.json

The job: {"sets": {name: texts}, "threads": 1} and, for fastText, {"train": [texts, languages], "settings": {...}}.
Prints a JSON object: the answers a set (ISO 639-1, null where there is none), detections a second on the largest set,
resident memory in bytes.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

Detect = Callable[[list[str]], list[Any]]


def fasttext(job: dict[str, Any]) -> Detect:
    """The real fastText, trained on the job's rows with its settings."""
    import fasttext as library

    library.FastText.eprint = lambda *args: None
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "train.txt"
        with file.open("w", encoding="utf-8") as out:
            for text, language in zip(*job["train"], strict=True):
                out.write(f"__label__{language} {' '.join(text.lower().split())}\n")
        model = library.train_supervised(str(file), thread=job["threads"], verbose=0, **job["settings"])

    def detect(texts: list[str]) -> list[Any]:
        found, _ = model.predict([" ".join(text.lower().split()) for text in texts])
        return [labels[0].removeprefix("__label__") if labels else None for labels in found]

    return detect


def lingua(job: dict[str, Any], low: bool = False) -> Detect:
    """Lingua as shipped, in its accurate or its low accuracy mode."""
    from lingua import LanguageDetectorBuilder

    builder = LanguageDetectorBuilder.from_all_languages().with_preloaded_language_models()
    detector = (builder.with_low_accuracy_mode() if low else builder).build()

    def code(found: Any) -> str | None:
        return None if found is None else found.iso_code_639_1.name.lower()

    return lambda texts: [code(detector.detect_language_of(text)) for text in texts]


def langid(job: dict[str, Any]) -> Detect:
    """langid.py as shipped."""
    import langid as library

    return lambda texts: [library.classify(text)[0] for text in texts]


def langdetect(job: dict[str, Any]) -> Detect:
    """The package langdetect as shipped."""
    from langdetect import DetectorFactory, detect
    from langdetect.lang_detect_exception import LangDetectException

    DetectorFactory.seed = 0

    def answer(text: str) -> str | None:
        try:
            return {"zh-cn": "zh", "zh-tw": "zh"}.get(found := detect(text), found)
        except LangDetectException:
            return None

    return lambda texts: [answer(text) for text in texts]


PEERS: dict[str, Callable[[dict[str, Any]], Detect]] = {
    "fasttext": fasttext,
    "lingua": lingua,
    "lingua-low": lambda job: lingua(job, low=True),
    "langid": langid,
    "langdetect": langdetect,
}


def resident() -> int:
    """Bytes of memory in use now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def main() -> None:
    job = json.load(sys.stdin)
    started = time.perf_counter()
    detect = PEERS[sys.argv[1]](job)
    ready = time.perf_counter() - started
    answers, rates = {}, {}
    for name, texts in job["sets"].items():
        started = time.perf_counter()
        answers[name] = detect(texts)
        rates[name] = len(texts) / (time.perf_counter() - started)
    json.dump({"answers": answers, "rates": rates, "ready_s": ready, "resident": resident()}, sys.stdout)


if __name__ == "__main__":
    main()
