"""What takes seconds to work out of a model, and is asked for again: kept as long as the model is."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any
from weakref import WeakKeyDictionary

MOST = 32
"""Results of a model; the one that was not asked for longest goes."""

_results: WeakKeyDictionary[Any, OrderedDict[Hashable, Any]] = WeakKeyDictionary()


def remembered(model: Any, key: Hashable, work: Callable[[], Any]) -> Any:
    """The result of `work`, which is done when nobody asked for `key` before."""
    results = _results.setdefault(model, OrderedDict())
    found = results.get(key)
    if found is None:
        found = results[key] = work()
        while len(results) > MOST:
            results.popitem(last=False)
    elif key in results:  # another thread may have dropped it
        results.move_to_end(key)
    return found
