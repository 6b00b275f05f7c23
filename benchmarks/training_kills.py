"""A training killed (SIGKILL) at ten random moments, resumed each time, and the weights of one that was not.

    python benchmarks/training_kills.py [--kills 10]

A 784-256-10 network with dropout on 10,000 random rows, Nesterov's gradient with a ramp of momentum, a checkpoint every
0.2 s. Prints the checksum of the weights of both.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
import time
import zlib
from pathlib import Path

PASSES = 30


def train(path):
    """One training, from its checkpoint if there is one; prints its checksum."""
    import torch
    from torch.nn.functional import cross_entropy

    from lilliput.nets.mlp import MLP
    from lilliput.training.allowance import Allowance
    from lilliput.training.batches import DenseRows
    from lilliput.training.checkpoint import Checkpoint
    from lilliput.training.loop import Loop
    from lilliput.training.optimisers import make_optimiser
    from lilliput.training.schedules import DropoutDecay, Ramp

    torch.set_num_threads(1)
    generator = torch.Generator().manual_seed(0)
    X = torch.randn(10_000, 784, generator=generator)
    y = (X[:, :10] + 0.5 * X[:, 10:20].square()).argmax(dim=1)
    torch.manual_seed(0)
    module = MLP(784, (256,), 10, input_dropout=0.2, dropout=0.5)
    loop = Loop(
        module,
        cross_entropy,
        make_optimiser("nesterov", module.parameters(), 0.05),
        schedule=DropoutDecay(ramp=Ramp()),
        batch=100,
        seed=1,
    )
    checkpoint = None if path == "-" else Checkpoint(path, every=0.2)
    print("ready", flush=True)
    rows, held_out = DenseRows(X[1000:], y[1000:]), DenseRows(X[:1000], y[:1000])
    loop.run(rows, Allowance(epochs=PASSES), held_out, checkpoint=checkpoint, progress=False)
    weights = b"".join(tensor.numpy().tobytes() for tensor in module.state_dict().values())
    print(f"{zlib.crc32(weights):08x} after {loop.place.step} steps")


def started(path):
    process = subprocess.Popen([sys.executable, __file__, "--train", path], stdout=subprocess.PIPE, text=True)
    process.stdout.readline()
    return process


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--train")
    arguments = parser.parse_args()
    if arguments.train:
        train(arguments.train)
        sys.exit()
    began = time.monotonic()
    whole = started("-").communicate()[0].strip()
    seconds = time.monotonic() - began
    print(f"uninterrupted  {whole}, {seconds:.1f} s")
    moments, kills = random.Random(0), 0
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "checkpoint.safetensors")
        while kills < arguments.kills:
            process = started(path)
            time.sleep(moments.uniform(0, seconds / 5))
            if process.poll() is None:
                process.kill()
                kills += 1
            process.wait()
        resumed = started(path).communicate()[0].strip()
    print(f"{kills} kills       {resumed}")
    print("the same bytes" if resumed == whole else "OTHER BYTES")
