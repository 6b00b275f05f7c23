"""Memory and time of a fit on a CSV file larger than the memory allowed.

    python benchmarks/label_memory.py [--gigabytes 2] [--budget 1MB]

Makes the file from the words of AG News (rows of 30 to 60 words, the label told by a tenth of them), fits it in a
process of its own, and prints that process's peak resident memory and wall-clock time.
"""

from __future__ import annotations

import argparse
import csv
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from label_sets import SETS

BLOCK = 20_000
"""Rows made at a time."""
FIT = """
import json, sys
from lilliput import Source, TextClassifier
model = TextClassifier(budget=sys.argv[2], progress=False).fit(Source(sys.argv[1], "text", "label"))
print(json.dumps(model.report_.to_dict()))
"""


def make(file: Path, size: int) -> None:
    """Write rows until the file has `size` bytes: words of AG News, four in each row from texts of its label."""
    texts, labels = SETS["ag_news"]().train
    words = {label: [] for label in sorted(set(labels))}
    for text, label in zip(texts, labels, strict=True):
        words[label] += text.split()
    everything = np.array([word for label in words for word in words[label]], dtype=object)
    own = np.array([np.resize(np.array(found, dtype=object), len(everything)) for found in words.values()])
    generator = np.random.default_rng(0)
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["id", "text", "label"])
        number = 0
        while out.tell() < size:
            chosen = generator.integers(len(words), size=BLOCK)
            ends = np.cumsum(generator.integers(30, 60, size=BLOCK)).tolist()
            others = everything[generator.integers(len(everything), size=ends[-1])].tolist()
            owns = own[chosen[:, None], generator.integers(len(everything), size=(BLOCK, 4))].tolist()
            for label, first, last, few in zip(chosen.tolist(), [0, *ends], ends, owns, strict=False):
                writer.writerow([number, " ".join([*others[first:last], *few]), label])
                number += 1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--gigabytes", type=float, default=2.0)
    parser.add_argument("--budget", default="1MB")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "large.csv"
        make(file, int(arguments.gigabytes * 1e9))
        started = time.perf_counter()
        command = [sys.executable, "-c", FIT, str(file), arguments.budget]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        report = json.loads(done.stdout)
        quality = next(iter(report["quality"].items()))
        print(f"CSV {file.stat().st_size / 1e9:.2f} GB, {report['data']['rows']:,} rows")
        print(f"peak resident {report['peak_memory_bytes'] / 1e6:,.0f} MB (asked: at most 1,000)")
        print(f"wall clock {time.perf_counter() - started:.0f} s, {quality[0]} {quality[1]['value']:.4f}")
        print(report["plan"])


if __name__ == "__main__":
    main()
