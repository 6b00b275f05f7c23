"""The arrays of a recommender in a model file.

Each pair is stored once, from the item of the lower number: the other item in 16 bits (32 beyond 65,536 items), the
number of baskets in 8 (the few of 255 and more in a list of their own), and the network's two weights in 8 bits each.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lilliput.core.errors import ModelFileError
from lilliput.core.modelfile import StrPath, require
from lilliput.tasks.pair_count import both_ways
from lilliput.tasks.pair_model import Coded, Known, Pairs
from lilliput.tasks.pair_side import Side
from lilliput.tasks.pair_sizes import number_type

MANY = 255


def bits_of(known: Known) -> int:
    """The bits of the numbers of the vectors: 4 where none needs more."""
    largest = max(int(np.abs(coded.codes.astype(np.int16)).max(initial=0)) for coded in (known.inputs, known.outputs))
    return 4 if largest <= 7 else 8


def packed(codes: NDArray[np.int8], bits: int) -> NDArray[np.int8]:
    """`codes` as they are or, of 4 bits, two a byte, the first one low."""
    if bits == 8:
        return codes
    even = np.pad(codes, ((0, 0), (0, codes.shape[1] % 2)))
    return (even[:, ::2] & 15) | (even[:, 1::2] << 4)


def unpacked(codes: NDArray[np.int8], bits: int, dim: int) -> NDArray[np.int8]:
    """What `packed` was given."""
    if bits == 8:
        return codes
    both = np.stack([(codes << 4) >> 4, codes >> 4], axis=2)
    return np.ascontiguousarray(both.reshape(len(codes), -1)[:, :dim])


def arrays_of(known: Known) -> dict[str, NDArray[Any]]:
    """What `Known` is restored from."""
    count = len(known.names)
    number, bits = number_type(count), bits_of(known)
    pairs = known.pairs
    rows = np.repeat(np.arange(count), np.diff(pairs.offsets))
    low = np.flatnonzero(rows < pairs.items)
    keys = rows[low] * np.int64(count) + pairs.items[low]
    _, _, there, back = both_ways(keys, count)
    counts = pairs.counts[there]
    found: dict[str, NDArray[Any]] = {
        "names": _text(known.names),
        "counts": known.counts.astype(np.uint32),
        "bias": known.bias.astype(np.float16),
        "inputs": packed(known.inputs.codes, bits),
        "outputs": packed(known.outputs.codes, bits),
        "input_scales": known.inputs.scales.astype(np.float16),
        "output_scales": known.outputs.scales.astype(np.float16),
        "pair_sizes": np.bincount(rows[low], minlength=count).astype(number),
        "pair_items": pairs.items[low].astype(number),
        "pair_counts": np.minimum(counts, MANY).astype(np.uint8),
        "pair_many": counts[counts >= MANY].astype(np.uint32),
        "pair_weights": np.stack([pairs.weights[there], pairs.weights[back]]),
        "contexts": _text(known.contexts),
        "context_sizes": known.context_sizes.astype(np.uint32),
        "context_lengths": np.diff(known.context_offsets).astype(np.uint32),
        "context_items": known.context_items.astype(number),
        "context_counts": _short(known.context_counts),
    }
    if known.aliases:
        found["alias_names"] = _text(list(known.aliases))
        found["alias_of"] = np.array(list(known.aliases.values()), dtype=number)
    return found if known.side is None else found | _side_arrays(known.side)


def known_of(manifest: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], path: StrPath) -> Known:
    """What `arrays_of` stored, all of it checked; `ModelFileError` for what does not fit."""
    names = _names(arrays, "names", path)
    contexts = _names(arrays, "contexts", path)
    count = len(names)
    number = number_type(count)
    check = _Checker(path)
    dim, bits = check.number(manifest, "dim", 1), check.number(manifest, "bits", 4)
    check.that(bits in (4, 8), f"bits is {bits} in the manifest")
    width = dim if bits == 8 else -(-dim // 2)
    wide = arrays["context_counts"].dtype if "context_counts" in arrays else np.dtype(np.uint16)
    require(
        arrays,
        {
            "counts": (np.uint32, (count,)),
            "bias": (np.float16, (count,)),
            "inputs": (np.int8, (count, width)),
            "outputs": (np.int8, (count, width)),
            "input_scales": (np.float16, (count,)),
            "output_scales": (np.float16, (count,)),
            "pair_sizes": (number, (count,)),
            "pair_items": (number, (None,)),
            "pair_counts": (np.uint8, (None,)),
            "pair_many": (np.uint32, (None,)),
            "pair_weights": (np.int8, (2, None)),
            "context_sizes": (np.uint32, (len(contexts),)),
            "context_lengths": (np.uint32, (len(contexts),)),
            "context_items": (number, (None,)),
            "context_counts": (np.uint32 if wide == np.uint32 else np.uint16, (None,)),
        },
        path,
    )
    baskets = check.number(manifest, "baskets", 1)
    offsets, inside = arrays["context_lengths"].astype(np.int64), arrays["context_items"].astype(np.int64)
    offsets = np.concatenate([[0], np.cumsum(offsets)])
    check.that(
        offsets[-1] == len(inside) == len(arrays["context_counts"]) and _ascending(inside, offsets, count),
        "the items of contexts are not in order",
    )
    counts = arrays["counts"].astype(np.int64)
    check.that(bool(((counts > 0) & (counts <= baskets)).all()), "an item is in no basket or in more than there are")
    for name in ("bias", "input_scales", "output_scales"):
        check.that(bool(np.isfinite(arrays[name]).all()), f"{name} has values that are no numbers")
    return Known(
        names,
        counts,
        baskets,
        _pairs(manifest, arrays, count, check),
        Coded(unpacked(arrays["inputs"], bits, dim), arrays["input_scales"].astype(np.float32)),
        Coded(unpacked(arrays["outputs"], bits, dim), arrays["output_scales"].astype(np.float32)),
        arrays["bias"].astype(np.float32),
        check.fraction(manifest, "power"),
        contexts,
        arrays["context_sizes"].astype(np.int64),
        offsets,
        inside.astype(np.int32),
        arrays["context_counts"].astype(np.int32),
        _side(arrays, count, check),
        _aliases(arrays, names, check),
    )


class _Checker:
    """Raises `ModelFileError` for the file at `path`."""

    def __init__(self, path: StrPath) -> None:
        self.path = path

    def that(self, holds: bool, message: str) -> None:
        if not holds:
            raise ModelFileError(f"{self.path}: {message}; this file does not fit its task")

    def number(self, manifest: Mapping[str, Any], name: str, least: int) -> int:
        value = manifest.get(name)
        self.that(type(value) is int and least <= value < 1 << 40, f"{name} is {value!r:.40} in the manifest")
        return int(value or 0)

    def fraction(self, manifest: Mapping[str, Any], name: str) -> float:
        value = manifest.get(name)
        sound = isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < 1e9
        self.that(sound, f"{name} is {value!r:.40} in the manifest")
        return float(value or 0.0)


def _pairs(manifest: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], count: int, check: _Checker) -> Pairs:
    sizes, others = arrays["pair_sizes"].astype(np.int64), arrays["pair_items"].astype(np.int64)
    stored, many = arrays["pair_counts"].astype(np.int32), arrays["pair_many"].astype(np.int64)
    starts = np.concatenate([[0], np.cumsum(sizes)])
    weights = arrays["pair_weights"]
    check.that(
        starts[-1] == len(others) == len(stored) == weights.shape[1], "the arrays of pairs have different lengths"
    )
    rows = np.repeat(np.arange(count), sizes)
    check.that(_ascending(others, starts, count) and bool((others > rows).all()), "the pairs are not in order")
    check.that(
        int((stored == MANY).sum()) == len(many) and bool((many < 1 << 31).all()), "the counts of pairs are wrong"
    )
    stored[stored == MANY] = many
    offsets, items, there, back = both_ways(rows * np.int64(count) + others, count)
    together, both = np.empty(len(items), np.int32), np.empty(len(items), np.int8)
    together[there] = together[back] = stored
    both[there], both[back] = weights
    least = check.number(manifest, "least_pair", 1)
    return Pairs(offsets, items, together, both, check.fraction(manifest, "pair_scale"), least)


def _aliases(arrays: Mapping[str, NDArray[Any]], names: list[str], check: _Checker) -> dict[str, int]:
    if not any(name.startswith("alias_") for name in arrays):
        return {}
    aliases = _names(arrays, "alias_names", check.path)
    require(arrays, {"alias_of": (number_type(len(names)), (len(aliases),))}, check.path)
    of = arrays["alias_of"].tolist()
    check.that(max(of, default=0) < len(names), "a name is another's that is not there")
    check.that(not set(aliases) & set(names), "a name is another's and its own")
    return dict(zip(aliases, of, strict=True))


def _side_arrays(side: Side) -> dict[str, NDArray[Any]]:
    number = number_type(len(side.names))
    return {
        "side_names": _text(side.names),
        "side_lengths": np.diff(side.offsets).astype(np.uint32),
        "side_held": side.held.astype(number),
    }


def _side(arrays: Mapping[str, NDArray[Any]], count: int, check: _Checker) -> Side | None:
    """What items share beside baskets; None in a file without it, as all were before there was any."""
    if not any(name.startswith("side_") for name in arrays):
        return None
    names = _names(arrays, "side_names", check.path)
    number = number_type(len(names))
    require(arrays, {"side_lengths": (np.uint32, (count,)), "side_held": (number, (None,))}, check.path)
    offsets = np.concatenate([[0], np.cumsum(arrays["side_lengths"].astype(np.int64))])
    held = arrays["side_held"].astype(np.int64)
    check.that(
        offsets[-1] == len(held) and _ascending(held, offsets, len(names)), "the properties of items are not in order"
    )
    check.that(len(np.unique(held)) == len(names) > 0, "there is a property that no item has")
    return Side(names, offsets, held.astype(np.int32))


def _ascending(items: NDArray[np.int64], starts: NDArray[np.int64], count: int) -> bool:
    """Whether the items of each row are ascending and below `count`."""
    if not len(items):
        return True
    falls = np.flatnonzero(np.diff(items) <= 0) + 1
    return bool(items.max() < count) and bool(np.isin(falls, starts).all())


def _short(counts: NDArray[np.int32]) -> NDArray[Any]:
    return counts.astype(np.uint16 if counts.max(initial=0) < 1 << 16 else np.uint32)


def _text(names: list[str]) -> NDArray[np.uint8]:
    return np.frombuffer("\n".join(names).encode("utf-8", "replace"), dtype=np.uint8)


def _names(arrays: Mapping[str, NDArray[Any]], name: str, path: StrPath) -> list[str]:
    require(arrays, {name: (np.uint8, (None,))}, path)
    try:
        text = arrays[name].tobytes().decode()
    except UnicodeDecodeError as error:
        raise ModelFileError(f"{path}: the {name} are no text in UTF-8 ({error})") from error
    found = text.split("\n") if text else []
    if len(set(found)) != len(found) or (name == "names" and not found):
        raise ModelFileError(f"{path}: the {name} are not all different; this file does not fit its task")
    return found
