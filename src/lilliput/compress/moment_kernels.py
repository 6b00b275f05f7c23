"""Steps of optimisers whose state is eight-bit blocks: decode, update and encode a block while it is in the cache.

Parameters and gradients are float32 (n,), codes uint8 (n,), scales float32 (blocks,); all but the gradients are
changed. Numbers of a step are float32 too. Blocks do not touch each other: a caller may share them among threads.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from lilliput.compress.block_codes import BLOCK
from lilliput.compress.block_kernels import decode_signed, decode_unsigned, encode_signed, encode_unsigned


@njit(nogil=True, cache=True, error_model="numpy")
def adam(parameters, gradients, codes, scales, square_codes, square_scales, numbers):
    """Adam; `numbers`: rate over the weight of the mean, both betas, eps, 1 / root of the squares' weight, decay.

    Kingma and Ba 2015 (arXiv:1412.6980), algorithm 1, in the order in which torch computes it.
    """
    rate, beta, beta_square, eps, correction, weight_decay = numbers
    gain, gain_square = np.float32(1) - beta, np.float32(1) - beta_square
    mean, square = np.empty(BLOCK, dtype=np.float32), np.empty(BLOCK, dtype=np.float32)
    for block in range(len(scales)):
        first, last = block * BLOCK, min((block + 1) * BLOCK, len(parameters))
        m, v = mean[: last - first], square[: last - first]
        w, g = parameters[first:last], gradients[first:last]
        decode_signed(codes[first:last], scales[block], m)
        decode_unsigned(square_codes[first:last], square_scales[block], v)
        for i in range(len(w)):
            gradient = g[i] + weight_decay * w[i]
            m[i] = beta * m[i] + gain * gradient
            v[i] = beta_square * v[i] + gain_square * gradient * gradient
            w[i] -= rate * m[i] / (np.sqrt(v[i]) * correction + eps)
        scales[block] = encode_signed(m, codes[first:last])
        square_scales[block] = encode_unsigned(v, square_codes[first:last])


@njit(nogil=True, cache=True, error_model="numpy")
def rmsprop(parameters, gradients, codes, scales, numbers):
    """RMSProp as torch has it; `numbers`: rate, what the mean square keeps, eps beside the root, weight decay."""
    rate, keep, eps, weight_decay = numbers
    gain = np.float32(1) - keep
    square = np.empty(BLOCK, dtype=np.float32)
    for block in range(len(scales)):
        first, last = block * BLOCK, min((block + 1) * BLOCK, len(parameters))
        v, w, g = square[: last - first], parameters[first:last], gradients[first:last]
        decode_unsigned(codes[first:last], scales[block], v)
        for i in range(len(w)):
            gradient = g[i] + weight_decay * w[i]
            v[i] = keep * v[i] + gain * gradient * gradient
            w[i] -= rate * gradient / (np.sqrt(v[i]) + eps)
        scales[block] = encode_unsigned(v, codes[first:last])


@njit(nogil=True, cache=True, error_model="numpy")
def momentum(parameters, gradients, codes, scales, numbers):
    """Polyak's momentum as torch has it, with gradients added to the velocity; `numbers`: rate, momentum, decay."""
    rate, keep, weight_decay = numbers
    velocity = np.empty(BLOCK, dtype=np.float32)
    for block in range(len(scales)):
        first, last = block * BLOCK, min((block + 1) * BLOCK, len(parameters))
        v, w, g = velocity[: last - first], parameters[first:last], gradients[first:last]
        decode_signed(codes[first:last], scales[block], v)
        for i in range(len(w)):
            v[i] = keep * v[i] + g[i] + weight_decay * w[i]
            w[i] -= rate * v[i]
        scales[block] = encode_signed(v, codes[first:last])
