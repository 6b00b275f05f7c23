"""Optimisers whose state has eight bits a number."""

from __future__ import annotations

import copy

import numpy as np
import pytest

from lilliput.core.errors import LilliputError

torch = pytest.importorskip("torch")

from lilliput.compress.block_codes import BLOCK  # noqa: E402
from lilliput.compress.block_kernels import encode_signed, encode_unsigned  # noqa: E402
from lilliput.compress.moment_kernels import adam, momentum, rmsprop  # noqa: E402
from lilliput.training import optimiser_eight_bits  # noqa: E402
from lilliput.training.block_tensors import decode, encode_, zeros  # noqa: E402
from lilliput.training.devices import torch_threads  # noqa: E402
from lilliput.training.optimiser_eight_bits import LEAST  # noqa: E402
from lilliput.training.optimisers import make_optimiser  # noqa: E402
from lilliput.warm import _step_in_eight_bits  # noqa: E402

NAMES = ("momentum", "rmsprop", "adam")
every_name = pytest.mark.parametrize("name", NAMES)
WIDE = 3 * BLOCK + 100


@pytest.fixture(autouse=True)
def _one_thread():
    with torch_threads(1):
        yield


def net(seed=0):
    torch.manual_seed(seed)
    layers = torch.nn.Linear(90, 70), torch.nn.ReLU(), torch.nn.Linear(70, 60), torch.nn.ReLU(), torch.nn.Linear(60, 3)
    return torch.nn.Sequential(*layers)


def data(rows=200):
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(rows, 90, generator=generator)
    return x, (x[:, :3] * x[:, 3:6]).argmax(dim=1)


def train(module, optimiser, steps):
    x, y = data()
    for _ in range(steps):
        optimiser.zero_grad()
        loss = torch.nn.functional.cross_entropy(module(x), y)
        loss.backward()
        optimiser.step()
    return loss.item()


@pytest.mark.parametrize("signed", [True, False])
def test_tensors_get_the_codes_of_the_kernels(signed):
    generator = np.random.default_rng(0)
    values = (generator.standard_normal(WIDE) * 10.0 ** generator.integers(-9, 3, WIDE)).astype(np.float32)
    values[BLOCK : 2 * BLOCK] = 0
    values = values if signed else values**2
    encode = encode_signed if signed else encode_unsigned
    coded = zeros(WIDE, signed, torch.device("cpu"))
    assert not decode(coded, signed).any()
    encode_(coded, torch.from_numpy(values), signed)
    for block, scale in enumerate(coded.scales):
        part = values[block * BLOCK : (block + 1) * BLOCK].copy()
        codes = np.empty(len(part), dtype=np.uint8)
        assert encode(part, codes) == scale
        apart = np.abs(codes.astype(int) - coded.codes[block * BLOCK : (block + 1) * BLOCK].numpy())
        assert apart.max() <= 1  # roundings at a mid-point
        assert apart.sum() <= 1


@every_name
def test_the_kernel_and_torchs_terms_agree(name, monkeypatch):
    ends = []
    for by_kernel in (True, False):
        if not by_kernel:
            monkeypatch.setattr(optimiser_eight_bits, "_numpy_sees", lambda tensor: False)
        generator = torch.Generator().manual_seed(0)
        parameter = torch.randn(WIDE, generator=generator).requires_grad_()
        optimiser = make_optimiser(name, [parameter], 0.01, bits=8, weight_decay=0.1)
        for _ in range(5):
            parameter.grad = torch.randn(WIDE, generator=generator)
            optimiser.step()
        ends.append(parameter.detach().numpy())
    # a rounding may tip a number over a mid-point, to a neighbouring code
    assert (np.abs(ends[0] - ends[1]) > 1e-5).mean() < 0.001
    np.testing.assert_allclose(*ends, atol=0.01)


@every_name
def test_small_parameters_have_the_state_and_the_steps_of_32_bits(name):
    ours, theirs = (torch.linspace(-1, 1, 50).requires_grad_() for _ in range(2))
    optimisers = [make_optimiser(name, [one], 0.01, bits=bits) for one, bits in ((ours, 8), (theirs, 32))]
    for step in range(20):
        for parameter, optimiser in zip((ours, theirs), optimisers, strict=True):
            parameter.grad = parameter.detach() ** 3 + step % 3
            optimiser.step()
    np.testing.assert_allclose(ours.detach().numpy(), theirs.detach().numpy(), rtol=1e-5, atol=1e-6)


@every_name
def test_the_loss_goes_down_as_in_32_bits(name):
    rate = {"momentum": 0.05, "rmsprop": 0.001, "adam": 0.002}[name]
    losses = []
    for bits in (8, 32):
        module = net()
        losses.append(train(module, make_optimiser(name, module.parameters(), rate, bits=bits), 40))
    assert losses[0] == pytest.approx(losses[1], rel=0.1)
    assert losses[1] < 0.8


@every_name
def test_state_is_tensors_in_a_quarter_of_the_bytes(name):
    sizes = []
    for bits in (8, 32):
        module = net()
        optimiser = make_optimiser(name, module.parameters(), 0.01, bits=bits)
        train(module, optimiser, 1)
        (large,) = (optimiser.state[one] for one in module.parameters() if one.shape == (70, 90))
        sizes.append(sum(tensor.nbytes for tensor in large.values() if tensor is not None))
    assert sizes[0] < 0.26 * sizes[1]


@every_name
def test_a_checkpoint_goes_on_to_the_same_bits(name):
    module = net()
    optimiser = make_optimiser(name, module.parameters(), 0.01, bits=8)
    train(module, optimiser, 3)
    other = copy.deepcopy(module)
    restored = make_optimiser(name, other.parameters(), 0.5, bits=8)
    restored.load_state_dict(copy.deepcopy(optimiser.state_dict()))
    types = {value.dtype for state in restored.state.values() for value in state.values()}
    assert types == {torch.uint8, torch.float32}
    train(module, optimiser, 3)
    train(other, restored, 3)
    for a, b in zip(module.parameters(), other.parameters(), strict=True):
        assert torch.equal(a, b)


def test_any_number_of_threads_gives_the_same_bytes(monkeypatch):
    monkeypatch.setattr(optimiser_eight_bits, "ALONE", 1)
    ends = []
    before = torch.get_num_threads()
    for threads in (1, 2, 3):
        monkeypatch.setattr(torch, "get_num_threads", lambda threads=threads: threads)
        parameter = torch.linspace(-1, 1, WIDE).requires_grad_()
        optimiser = make_optimiser("adam", [parameter], 0.01, bits=8)
        for _ in range(4):
            parameter.grad = parameter.detach().sin()
            optimiser.step()
        ends.append(parameter.detach().clone())
    monkeypatch.undo()
    assert torch.get_num_threads() == before
    assert torch.equal(ends[0], ends[1])
    assert torch.equal(ends[0], ends[2])


@every_name
def test_other_types_and_orders_of_parameters_are_stepped_in_torchs_terms(name):
    turned = torch.randn(8, 64, 3, 3).to(memory_format=torch.channels_last).requires_grad_()
    halved = torch.randn(80, 80).bfloat16().requires_grad_()
    optimiser = make_optimiser(name, [turned, halved], 0.01, bits=8)
    before = turned.detach().clone(), halved.detach().clone()
    for _ in range(2):
        turned.grad, halved.grad = torch.ones_like(turned), torch.ones_like(halved)
        optimiser.step()
    assert (turned < before[0]).all()
    assert (halved <= before[1]).all()
    restored = make_optimiser(name, [turned, halved], 0.01, bits=8)
    restored.load_state_dict(optimiser.state_dict())
    assert {value.dtype for value in restored.state[halved].values()} == {torch.uint8, torch.float32}


def test_what_has_no_eight_bits_is_told():
    parameter = [torch.ones(2, requires_grad=True)]
    with pytest.raises(LilliputError, match=r"bits=8 of optimiser 'nesterov': .* 8 for momentum, rmsprop, adam"):
        make_optimiser("nesterov", parameter, 0.1, bits=8)
    with pytest.raises(LilliputError, match="needs bits=32; in 8 bits it has none"):
        make_optimiser("rmsprop", parameter, 0.1, bits=8, momentum=0.5)


def test_warming_compiles_all_that_steps_need():
    _step_in_eight_bits()
    for name in NAMES:
        parameter = torch.ones(2 * LEAST).requires_grad_()
        optimiser = make_optimiser(name, [parameter], 0.01, bits=8)
        parameter.grad = torch.ones_like(parameter)
        optimiser.step()
    assert [len(kernel.signatures) for kernel in (adam, momentum, rmsprop)] == [1, 1, 1]
