"""How word clusters are fitted: find the words, count their neighbours, exchange, measure, hold against the budget."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lilliput.core.bootstrap import Statistic, bootstrap
from lilliput.core.budget import Budget
from lilliput.core.errors import DataError, DeviceError, LilliputError
from lilliput.core.measure import latency, peak_memory, versions
from lilliput.core.progress import Progress
from lilliput.core.report import Measure, Report
from lilliput.core.threads import resolve_threads

if TYPE_CHECKING:
    from lilliput.tasks.clusters import WordClusters
