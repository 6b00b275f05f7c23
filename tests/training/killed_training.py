"""Trains a small network with a checkpoint after every step: for a test that kills it."""

from __future__ import annotations

import sys
from pathlib import Path

import torch
from torch.nn.functional import cross_entropy

sys.path.insert(0, str(Path(__file__).parent))
from nets_of_tests import momentum, network, problem

from lilliput.training.allowance import Allowance
from lilliput.training.checkpoint import Checkpoint
from lilliput.training.loop import Loop

if __name__ == "__main__":
    torch.set_num_threads(1)
    rows, held_out = problem()
    module = network()
    loop = Loop(module, cross_entropy, momentum(module), batch=10)
    print("ready", flush=True)
    loop.run(rows, Allowance(epochs=10), held_out, checkpoint=Checkpoint(sys.argv[1], steps=1), progress=False)
