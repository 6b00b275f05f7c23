"""Weather tweets: soft labels by ridge regression, networks, their blend and a stack; root mean squared error, 5 folds.

    python benchmarks/weather_tweets.py [--parts folds,recipes] [--models peer,ridge,ensemble] [--folds 5] [--seeds 5]

folds    each fold held out in turn: the mean of the others, scikit-learn's Ridge with the best of ten penalties (chosen
         by five folds of what is learned from) as it predicts and cut to [0, 1], its MLPRegressor, and `TextRegressor`
         as ridge, network without dropout decay and with it, ensemble and stack; ratios to the tuned ridge
recipes  the network alone: dropout decay, fixed dropout, growing dropout (Morerio et al. 2017), the schedule of the
         decay without its dropout, a rate that falls over 30 passes and over those of the default, and no dropout; a
         seed a fold, means and standard errors

All from the same matrix of 9,000 TF-IDF columns and 24 labels in three groups, two of which add up to one.
"""

from __future__ import annotations

import argparse
import os
import time
import warnings
from pathlib import Path

import numpy as np
import scipy.sparse
import torch
from sklearn.linear_model import Ridge
from sklearn.model_selection import KFold, cross_val_predict
from sklearn.neural_network import MLPRegressor

from lilliput import TextRegressor
from lilliput.tasks import text_regressor_network
from lilliput.training.schedules import DropoutDecay, Fixed, GrowingDropout, Trapezoid

DATA = Path(os.environ.get("LILLIPUT_DATA", Path(__file__).resolve().parents[2] / "shared" / "data")) / "weather_tweets"
ALPHAS = (0.1, 0.2, 0.5, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 30.0)
GROUPS = [list(range(5)), list(range(5, 9))]
OURS = (
    ("ridge", "ridge", {}),
    ("network without decay", "network", {}),
    ("network with decay", "network", {"schedule": "decay", "epochs": 30}),
    ("ensemble", "ensemble", {}),
    ("stack", "stack", {}),
)


def linear():
    return Trapezoid(warmup=0.0, fall=0.0)


RECIPES = {
    "dropout decay": (0.2, 0.5, 30, DropoutDecay),
    "fixed dropout": (0.2, 0.5, 30, Fixed),
    "growing dropout": (0.2, 0.5, 30, lambda: GrowingDropout(Trapezoid())),
    "schedule of the decay only": (0.2, 0.5, 30, lambda: DropoutDecay(dropout=False)),
    "rate falls over 30 passes": (0.2, 0.5, 30, linear),
    "rate falls over few passes": (0.2, 0.5, None, linear),
    "no dropout, schedule of the decay": (0.0, 0.0, 30, lambda: DropoutDecay(dropout=False)),
    "no dropout, fixed rate": (0.0, 0.0, 30, Fixed),
    "no dropout, rate over few passes": (0.0, 0.0, None, linear),
}


def read():
    file = np.load(DATA / "kaggle_tfidf_train.npz")
    shape = tuple(int(n) for n in file["shape"])
    return scipy.sparse.csr_matrix((file["data"], file["indices"].astype(np.int32), file["indptr"]), shape), file[
        "labels"
    ]


def rmse(found, wanted):
    return float(np.sqrt(np.mean((np.asarray(found, dtype=np.float64) - wanted) ** 2)))


def ours(kind, threads, seed, **more):
    return TextRegressor(kind, groups=GROUPS, threads=threads, seed=seed, progress=False, **more)


def tuned_ridge(X, Y):
    """scikit-learn's, with the penalty that five folds choose."""
    errors = [rmse(cross_val_predict(Ridge(alpha, solver="sparse_cg"), X, Y, cv=KFold(5)), Y) for alpha in ALPHAS]
    return Ridge(ALPHAS[int(np.argmin(errors))], solver="sparse_cg").fit(X, Y)


def one_fold(X, Y, learned, kept, threads, seed, models):
    """Errors on the fold `kept` by name, and seconds."""
    errors, times = {}, {}

    def note(name, predict):
        began = time.monotonic()
        found = predict()
        times[name] = time.monotonic() - began
        errors[name] = rmse(found, Y[kept])
        return found

    note("the mean", lambda: np.broadcast_to(Y[learned].mean(axis=0), Y[kept].shape))
    found = note("scikit-learn Ridge, tuned", lambda: tuned_ridge(X[learned], Y[learned]).predict(X[kept]))
    note("the same, cut to [0, 1]", lambda: np.clip(found, 0, 1))
    if "peer" in models:
        network = MLPRegressor(hidden_layer_sizes=(100,), early_stopping=True, random_state=seed)
        note("scikit-learn MLPRegressor", lambda: network.fit(X[learned], Y[learned]).predict(X[kept]))
    for name, kind, more in OURS:
        if name in models:
            model = ours(kind, threads, seed, **more)
            note(name, lambda model=model: model.fit(X[learned], Y[learned]).predict(X[kept]))
    return errors, times


def folds(X, Y, count, threads, models):
    everything = []
    for fold, (learned, kept) in enumerate(KFold(5, shuffle=True, random_state=0).split(X)):
        if fold < count:
            everything.append(one_fold(X, Y, learned, kept, threads, fold, models))
            print(f"fold {fold + 1}: " + ", ".join(f"{n} {e:.4f}" for n, e in everything[-1][0].items()), flush=True)
    errors = {name: np.array([one[0][name] for one in everything]) for name in everything[0][0]}
    plain, cut = errors["scikit-learn Ridge, tuned"], errors["the same, cut to [0, 1]"]
    print(f"{'':40}  RMSE    s.e.    to tuned ridge  to the same, cut  seconds")
    for name, values in errors.items():
        seconds = np.mean([one[1][name] for one in everything])
        error = values.std(ddof=1) / np.sqrt(len(values)) if len(values) > 1 else float("nan")
        line = f"{name:40}  {values.mean():.4f}  {error:.4f}  {np.mean(values / plain):14.3f}"
        print(f"{line}  {np.mean(values / cut):16.3f}  {seconds:7.1f}")


def recipes(X, Y, seeds, threads):
    splits = list(KFold(5, shuffle=True, random_state=0).split(X))
    known = text_regressor_network.schedule_of
    table = {name: [] for name in RECIPES}
    for seed in range(seeds):
        learned, kept = splits[seed % 5]
        for name, (input_dropout, dropout, epochs, schedule) in RECIPES.items():
            text_regressor_network.schedule_of = lambda *_, schedule=schedule: schedule()
            model = ours("network", threads, seed, input_dropout=input_dropout, dropout=dropout, epochs=epochs)
            model.fit(X[learned], Y[learned])
            passes = model.history_["records"][-1]["epoch"]
            table[name].append((rmse(model.predict(X[kept]), Y[kept]), passes))
            print(f"seed {seed}, {name}: {table[name][-1][0]:.4f} after {passes:.1f} passes", flush=True)
    text_regressor_network.schedule_of = known
    print(f"{'':36}  RMSE    s.e.    difference to decay (s.e.)  passes")
    reference = np.array(table["dropout decay"])[:, 0]
    for name, values in table.items():
        errors, passes = np.array(values).T
        gap = errors - reference
        print(
            f"{name:36}  {errors.mean():.4f}  {_error(errors):.4f}  {gap.mean():+.4f} ({_error(gap):.4f})"
            f"             {passes.mean():6.1f}"
        )


def _error(values):
    return values.std(ddof=1) / np.sqrt(len(values)) if len(values) > 1 else float("nan")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--parts", default="folds,recipes")
    parser.add_argument("--models", default=",".join(["peer", *(name for name, _, _ in OURS)]))
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    warnings.filterwarnings("ignore", category=UserWarning)
    X, Y = read()
    if "folds" in arguments.parts:
        folds(X, Y, arguments.folds, arguments.threads, arguments.models.split(","))
    if "recipes" in arguments.parts:
        recipes(X, Y, arguments.seeds, arguments.threads)
