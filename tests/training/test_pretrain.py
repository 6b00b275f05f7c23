from __future__ import annotations

import time

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits

from lilliput.core.errors import DataError, LilliputError
from lilliput.nets.autoencoder import Autoencoder, DenoisingAutoencoder
from lilliput.nets.mlp import MLP
from lilliput.tasks.mlp import MLPClassifier
from lilliput.training.pretrain import fine_tune, pretrain, put_into

DIGITS = torch.from_numpy((load_digits().data / 16).astype(np.float32))


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize("kind", ["rbm", "denoise"])
@pytest.mark.parametrize("within", [True, False])
def test_a_stack_unrolled_gives_the_rows_again(kind, within):
    rows = DIGITS if within else (DIGITS - DIGITS.mean()) / DIGITS.std()
    layers = pretrain(rows, (40, 20), kind, passes=6, batch=32)
    assert [tuple(layer.weights.shape) for layer in layers] == [(64, 40), (40, 20)]
    net = Autoencoder(layers, rectified=kind == "denoise", probabilities=within)
    before = net.loss(rows).item()
    fine_tune(net, rows, passes=6, batch=32, rate=3e-3)
    assert net.loss(rows).item() < before
    left = (((rows - net(rows)) ** 2).mean() / rows.var(dim=0, unbiased=False).mean()).item()
    assert left < 0.6
    assert net.encode(rows).shape == (1797, 20)


def test_a_seed_gives_the_same_layers():
    one, same, other = (pretrain(DIGITS[:200], (10,), "denoise", passes=1, seed=seed)[0] for seed in (0, 0, 1))
    assert torch.equal(one.weights, same.weights)
    assert not torch.equal(one.weights, other.weights)


def test_noise_is_undone():
    random = torch.Generator().manual_seed(0)
    net = DenoisingAutoencoder(64, 30, 0.5, rectified=True, probabilities=True)
    net.begin(random)
    before = net.loss(DIGITS, random).item()
    (layer,) = pretrain(DIGITS, (30,), "denoise", passes=10, corruption=0.5)
    with torch.no_grad():
        net.weights.copy_(layer.weights)
        net.hidden.copy_(layer.hidden)
        net.visible.copy_(layer.visible)
    assert net.loss(DIGITS, random).item() < 0.8 * before


def test_layers_are_put_into_a_network():
    layers = pretrain(DIGITS[:100], (12, 8), "denoise", passes=1)
    net = MLP(64, (12, 8), 10)
    put_into(list(net.hidden), layers)
    expected = torch.relu(
        torch.relu(DIGITS @ layers[0].weights + layers[0].hidden) @ layers[1].weights + layers[1].hidden
    )
    found = torch.relu(net.hidden[1](torch.relu(net.hidden[0](DIGITS))))
    torch.testing.assert_close(found, expected)


def test_what_does_not_fit():
    layers = pretrain(DIGITS[:50], (12, 8), "denoise", passes=1)
    with pytest.raises(DataError, match="layer 2 has 12 inputs and 9 units, the pre-trained one 12 and 8"):
        put_into(list(MLP(64, (12, 9), 10).hidden), layers)
    with pytest.raises(DataError, match="2 pre-trained layers do not fit into 1"):
        put_into(list(MLP(64, (12,), 10).hidden), layers)
    with pytest.raises(LilliputError, match="known are rbm, denoise"):
        pretrain(DIGITS, (5,), "magic")
    with pytest.raises(LilliputError, match="are sigmoids"):
        pretrain(DIGITS, (5,), "rbm", rectified=True)


def classifier(**more):
    return MLPClassifier((60, 40), dropout=0.0, epochs=20, held_out=0.0, threads=1, progress=False, **more)


def test_a_classifier_begins_with_layers_of_rows_that_were_not_scaled():
    layers = pretrain(DIGITS, (60, 40), "denoise", passes=1)
    X = DIGITS.numpy()
    found = classifier(pretrain=layers, rate=1e-9).fit(X[:60], load_digits().target[:60])
    assert "2 hidden layers were pre-trained beforehand, without labels" in found.report_.notes
    scaled = (X[:60] - found.shift_) * found.scale_
    expected = X[:60] @ layers[0].weights.numpy() + layers[0].hidden.numpy()
    np.testing.assert_allclose(scaled @ found.net_.weights[0] + found.net_.biases[0], expected, atol=1e-4)
    np.testing.assert_allclose(found.net_.weights[1], layers[1].weights.numpy(), atol=1e-5)


def test_a_classifier_pretrains_by_itself(tmp_path):
    X, y = load_digits(return_X_y=True)
    found = classifier(pretrain="denoise").fit(X[:200], y[:200])
    assert found.score(X[:200], y[:200]) > 0.95
    found.save(tmp_path / "m.safetensors")
    with pytest.raises(LilliputError, match="give 'denoise', layers, or None"):
        classifier(pretrain="rbm").fit(X[:50], y[:50])


@pytest.mark.parametrize("kind", ["rbm", "denoise"])
def test_what_cannot_be_used_is_said(kind):
    broken = DIGITS[:20].clone()
    broken[7, 3] = float("nan")
    with pytest.raises(DataError, match="row 7 holds what is no finite number"):
        pretrain(broken, (5,), kind)
    for rows in (DIGITS[:0], DIGITS[0]):
        with pytest.raises(DataError, match="give rows and columns"):
            pretrain(rows, (5,), kind)
    for message, settings in {
        "batch=0": {"batch": 0},
        "passes=-1": {"passes": -1},
        "rate=0": {"rate": 0},
        "corruption=1.5": {"corruption": 1.5},
        "seed=-1": {"seed": -1},
    }.items():
        with pytest.raises(LilliputError, match=message):
            pretrain(DIGITS[:20], (5,), kind, **settings)
    with pytest.raises(LilliputError, match="widths"):
        pretrain(DIGITS[:20], (0,), kind)


@pytest.mark.parametrize("kind", ["rbm", "denoise"])
def test_rows_of_numpy_in_64_bits_give_the_same(kind):
    one, other = (pretrain(rows, (5,), kind, passes=1)[0] for rows in (DIGITS[:50], DIGITS[:50].double().numpy()))
    assert torch.equal(one.weights, other.weights)


def test_pre_training_keeps_to_the_time():
    rows = np.random.default_rng(0).standard_normal((6000, 200)).astype(np.float32)
    began = time.monotonic()
    model = MLPClassifier((256, 256), pretrain="denoise", budget="2s", threads=1, progress=False)
    assert not model.fit(rows, rows[:, 0] > 0).interrupted_
    assert time.monotonic() - began < 2
