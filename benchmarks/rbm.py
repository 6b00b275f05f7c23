"""A Boltzmann machine against scikit-learn's `BernoulliRBM` on its digits: likelihood, reconstruction, seconds.

    python benchmarks/rbm.py [--hidden 256] [--passes 10] [--seeds 3]

Both see the same rows (values within [0, 1]), 1,400 to learn from and 397 to be measured on. The peer takes batches of
10 and one persistent chain a row of a batch, as is its default, at the best of some rates; ours CD-1 with as many
passes, and with fewer. Likelihoods of both are estimated by the same annealed importance sampling (3,000 machines, 100
chains). The runs alternate, on one thread; seconds are of the processor, and of training alone.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
import torch
from sklearn.datasets import load_digits
from sklearn.neural_network import BernoulliRBM

from lilliput.nets.rbm import BoltzmannMachine
from lilliput.nets.rbm_partition import annealed
from lilliput.training.contrastive import Settings, learn

RATES = (0.1, 0.05, 0.02)


def measured(machine: BoltzmannMachine, rows) -> tuple[float, float, float]:
    """Negative log-likelihood a row, its standard error through the partition function, root mean squared error."""
    found = annealed(machine, 3000, 100, torch.Generator().manual_seed(1))
    nll = float(machine.free_energy(rows.double()).mean()) + found.value
    again = machine.visible_means(machine.hidden_chances(rows))
    return nll, found.error, float(((rows - again) ** 2).mean().sqrt())


def ours(rows, asked, seed: int, settings: Settings):
    return learn(torch.from_numpy(rows), asked.hidden, False, settings, torch.Generator().manual_seed(seed))


def peer(rows, asked, seed: int, rate: float):
    model = BernoulliRBM(asked.hidden, learning_rate=rate, n_iter=asked.passes, random_state=seed).fit(rows)
    parts = (model.components_.T, model.intercept_visible_, model.intercept_hidden_)
    return BoltzmannMachine(*(torch.from_numpy(np.ascontiguousarray(part, dtype=np.float32)) for part in parts))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hidden", type=int, default=256)
    parser.add_argument("--passes", type=int, default=10)
    parser.add_argument("--seeds", type=int, default=3)
    asked = parser.parse_args()
    mixed = np.random.default_rng(0).permutation(1797)
    rows = (load_digits().data[mixed] / 16).astype(np.float32)
    learned, kept = np.ascontiguousarray(rows[:1400]), torch.from_numpy(rows[1400:])
    candidates = {
        f"lilliput, {asked.passes} passes": (ours, Settings(rate=0.3, batch=128, passes=asked.passes)),
        f"lilliput, {asked.passes * 0.5:g} passes": (ours, Settings(rate=0.3, passes=asked.passes * 0.5)),
        **{f"BernoulliRBM, rate {rate}": (peer, rate) for rate in RATES},
    }
    found: dict[str, list[tuple[float, ...]]] = {name: [] for name in candidates}
    torch.set_num_threads(1)
    ours(learned[:200], asked, 0, Settings())
    for seed in range(asked.seeds):
        for name, (train, setting) in candidates.items():
            started = time.process_time()
            with torch.no_grad():
                machine = train(learned, asked, seed, setting)
                seconds = time.process_time() - started
                found[name].append((*measured(machine, kept), seconds))
    print(f"{'':<26}{'NLL (nats)':>12}{'+-':>7}{'RMSE':>9}{'seconds':>9}")
    for name, results in found.items():
        nll, error, rmse, seconds = np.mean(results, axis=0)
        print(f"{name:<26}{nll:>12.2f}{error:>7.2f}{rmse:>9.4f}{seconds:>9.3f}")
    best = min(list(found)[2:], key=lambda name: np.mean(found[name], axis=0)[0])
    for name in list(found)[:2]:
        ratio = np.mean(found[best], axis=0)[3] / np.mean(found[name], axis=0)[3]
        print(f"{name}: {ratio:.1f} times as fast as {best}")


if __name__ == "__main__":
    main()
