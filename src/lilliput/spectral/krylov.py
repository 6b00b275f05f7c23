"""Leading eigenpairs by block Lanczos iteration with thick restarts.

The basis grows by what a product with its last block leaves outside of it; every new block is made orthogonal to all
others, so that no copies of values appear. When the basis is full, it starts again from the best of what it spans,
which keeps the recurrence (Wu and Simon 2000, "Thick-restart Lanczos method for large symmetric eigenvalue problems",
section 3; here for blocks). Where a pass is dear, as over a file, a wide block gets the most out of it (Musco and Musco
2015, "Randomized block Krylov methods", theorem 1); where it is cheap, a narrow one needs fewer operations. Of a value
that is there several times, a block sees as many vectors as it is wide: a narrow one therefore looks again, from a
random direction outside of what it has found.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lilliput.spectral.basis import mix, orthonormal, orthonormalise, random_block, subtract
from lilliput.spectral.pairs import Pairs, Told, pairs_within
from lilliput.spectral.scatter import Scatter

GUARD = 4
"""Vectors of a wide block beyond those that are wanted."""
ROOMY, SMALL = 10, 5
"""Times the vectors that a restart keeps in a full basis, of a wide block and of a narrow one; more gain little."""
NARROW = 4
"""Passes with a narrow block from one look at the residuals to the next."""
AGAIN, SHARE = 12, 4
"""Passes from a random direction after all has converged, in search of what a narrow block cannot see: so many at
least, and one for so many that there were."""
FLOOR = 20
"""Times the rounding error of the dtype: no tolerance is smaller."""


def krylov(
    scatter: Scatter,
    most: int,
    tolerance: float,
    *,
    seed: int,
    passes: int,
    memory: int,
    width: int | None = None,
    told: Told | None = None,
) -> Pairs:
    """The `most` largest eigenpairs of a scatter.

    Ends when each residual is at most ``tolerance`` times the largest value, after so many `passes`, or when `told`
    says so; one pass more measures the residuals. After Ctrl-C the pairs so far are returned, as `interrupted`. A pass
    takes `width` vectors; None: some more than are wanted, for the fewest passes. The basis and the work on it take
    about `memory` bytes, or what the restarts need at least.
    """
    size, dtype = scatter.size, scatter.dtype
    tolerance = max(tolerance, FLOOR * float(np.finfo(dtype).eps))
    width = min(size, most + GUARD if width is None else width)
    space = _Space(scatter, _room(most, width, size, memory // (size * dtype.itemsize)), seed)
    space.extend(orthonormal(random_block(size, width, dtype, seed)))
    wide, known, again = width > most, 0.0, 0
    for done in range(1, passes):
        if (wide or done % NARROW == 0 or space.closed) and space.used >= min(most, size):
            residuals, scale = space.estimates(most)
            if told is not None and told(done, float(residuals.max()) / scale):
                break
            if space.closed or (done >= again and residuals.max() <= tolerance * scale):
                found = space.sum(most)
                if wide or found <= known + tolerance * scale or most >= size:
                    break
                known, again = found, done + max(AGAIN, done // SHARE)
                space.restart(most)
                space.turn(width)
        if space.used + width > space.room:
            space.restart(most + width)
        try:
            space.extend(space.next_block(width))
        except KeyboardInterrupt:
            if space.used < most:
                raise
            return space.pairs(most, done)
    best = space.best(most)
    del space  # its memory is needed
    return pairs_within(scatter, best, most, done)


class _Space:
    """A basis (size, used) with its projection H, and the remainder: ``C basis = basis H + next rest'``.

    Only the last block of ``basis H`` has a remainder, so that the residual of a vector ``basis s`` is as long as
    ``coupling @ s`` at that block.
    """

    def __init__(self, scatter: Scatter, room: int, seed: int) -> None:
        self._scatter, self.room, self._seed = scatter, room, seed
        self._basis = np.empty((scatter.size, room), dtype=scatter.dtype, order="F")
        self._projection = np.zeros((room, room))
        self.used = 0

    @property
    def closed(self) -> bool:
        """Whether products lead nowhere new: the values within the basis are exact."""
        return not self._next.shape[1]

    def extend(self, block: NDArray[Any]) -> None:
        """Take a block in, by one product."""
        self._next = block[:, :0]  # a block is as large as memory allows, and one is enough
        first, used = self.used, self.used + block.shape[1]
        self._basis[:, first:used] = block
        basis = self._basis[:, :used]
        image = self._scatter.product(np.ascontiguousarray(block))
        shares = basis.T @ image
        rounding = FLOOR * np.finfo(image.dtype).eps * np.linalg.norm(image, axis=0)
        subtract(image, basis, shares)  # what is left outside of the basis
        gram = (image.T @ image).astype(np.float64)
        nothing = np.sqrt(np.diag(gram)) <= rounding
        image[:, nothing] = 0
        gram[nothing] = gram[:, nothing] = 0
        self._next, mixing = orthonormalise(image, basis)
        self._coupling = mixing.T @ gram
        self._projection[:used, first:used] = shares
        self._projection[first:used, :used] = shares.T
        self.used = used

    def next_block(self, width: int) -> NDArray[Any]:
        """What to extend by: the remainder or, where the space is closed, a random block outside of it."""
        if not self.closed:
            return self._next
        block = random_block(self._scatter.size, width, self._basis.dtype, self._seed + self.used)
        return orthonormal(block, self._basis[:, : self.used])

    def estimates(self, most: int) -> tuple[NDArray[np.float64], float]:
        """The residuals of the best pairs, `most` of them or all there are, and the largest value."""
        values, mixed = self._solved()
        tail = mixed[self.used - self._coupling.shape[1] :, :most]
        scale = max(float(values[0]), float(np.finfo(np.float64).tiny))
        return np.linalg.norm(self._coupling @ tail, axis=0), scale

    def pairs(self, most: int, done: int) -> Pairs:
        """The best pairs with the residuals as estimated."""
        values = np.maximum(self._solved()[0][:most], 0.0)
        return Pairs(values, self.best(most), self.estimates(most)[0], done, interrupted=True)

    def sum(self, most: int) -> float:
        """The best values, added up."""
        return float(self._solved()[0][:most].sum())

    def turn(self, width: int) -> None:
        """Go on in random directions instead of the remainder, which is to be nearly nothing."""
        self._next = self._next[:, :0]
        self._next = self.next_block(width)

    def restart(self, kept: int) -> None:
        """Keep the best `kept` vectors only."""
        values, mixed = self._solved()
        mix(self._basis[:, : self.used], mixed[:, :kept])
        self._projection[:] = 0
        self._projection[range(kept), range(kept)] = values[:kept]
        self.used = kept

    def best(self, most: int) -> NDArray[Any]:
        """The vectors of the largest values: (size, most)."""
        mixed = self._solved()[1][:, :most].astype(self._basis.dtype)
        found: NDArray[Any] = self._basis[:, : self.used] @ mixed
        return found

    def _solved(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Values within the basis, the largest first, and what to mix for their vectors."""
        square = self._projection[: self.used, : self.used]
        values, mixed = np.linalg.eigh((square + square.T) / 2)
        return values[::-1], mixed[:, ::-1]


def _room(most: int, width: int, size: int, allowed: int) -> int:
    """Vectors in a full basis, two blocks beside it: what a restart keeps and one block more, at least."""
    times = ROOMY if width > most else SMALL
    return int(min(size, max(most + 2 * width, min(allowed - 2 * width, times * (most + width)))))
