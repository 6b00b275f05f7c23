"""What gensim does with word vectors; `vectors_files.py` runs this in an interpreter that has gensim.

    python benchmarks/peers_vector_files.py FOLDER DATA WORDS

FOLDER holds corpus.txt; vectors are left there in gensim's own format and word2vec's two. Prints JSON.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from pathlib import Path


def main() -> None:
    from gensim.models import KeyedVectors, Word2Vec

    folder, data, sets = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3].split(",")
    model = Word2Vec(
        corpus_file=str(folder / "corpus.txt"), vector_size=100, window=5, min_count=5, sg=1, negative=5, workers=2,
        epochs=1, seed=1,
    )  # fmt: skip
    model.wv.save(str(folder / "v.kv"))
    model.wv.save_word2vec_format(str(folder / "v.vec"))
    model.wv.save_word2vec_format(str(folder / "v.bin"), binary=True)
    found: dict[str, object] = {"words": len(model.wv)}
    for name, load in {
        "own format": lambda: KeyedVectors.load(str(folder / "v.kv")),
        "text": lambda: KeyedVectors.load_word2vec_format(str(folder / "v.vec")),
        "binary": lambda: KeyedVectors.load_word2vec_format(str(folder / "v.bin"), binary=True),
    }.items():
        started = time.perf_counter()
        vectors = load()
        found[f"read {name}"] = time.perf_counter() - started
    vectors.most_similar("france", topn=10)
    words = vectors.index_to_key[:: max(1, len(vectors) // 400)]
    seconds = []
    for word in words:
        started = time.perf_counter()
        vectors.most_similar(word, topn=10)
        seconds.append(time.perf_counter() - started)
    found["one query"] = statistics.median(seconds)
    found["neighbours"] = {word: [near for near, _ in vectors.most_similar(word, topn=10)] for word in words}
    found["similarity"] = {
        name: float(vectors.evaluate_word_pairs(str(data / f"{name}.txt"))[1].statistic) for name in sets
    }
    started = time.perf_counter()
    accuracy, sections = vectors.evaluate_word_analogies(str(data / "questions-words.txt"))
    found["analogies"] = accuracy
    found["analogies seconds"] = time.perf_counter() - started
    found["asked"] = len(sections[-1]["correct"]) + len(sections[-1]["incorrect"])
    print(json.dumps(found))


if __name__ == "__main__":
    main()
