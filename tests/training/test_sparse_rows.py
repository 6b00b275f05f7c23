"""The layer on sparse rows and its optimiser, against torch on dense rows."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from lilliput.data.matrix import Compressed
from lilliput.nets.mlp import MLP
from lilliput.nets.sparse_linear import SparseLinear
from lilliput.training.allowance import Allowance
from lilliput.training.checkpoint import optimiser_arrays, restore_optimiser
from lilliput.training.loop import Loop
from lilliput.training.optimiser_rows import RowAdam, Together
from lilliput.training.sparse_rows import SparseRows


def sparse_rows(rows=40, columns=30, outputs=3, seed=0):
    generator = np.random.default_rng(seed)
    lengths = generator.integers(0, 6, rows)
    indices = np.concatenate([np.sort(generator.choice(columns, n, replace=False)) for n in lengths]).astype(np.int32)
    indptr = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    data = generator.normal(size=len(indices)).astype(np.float32)
    targets = torch.from_numpy(generator.random((rows, outputs), dtype=np.float32))
    return SparseRows(Compressed(data, indices, indptr, (rows, columns)), targets)


def test_batches_hold_the_rows_that_were_chosen():
    rows = sparse_rows()
    batch, targets = rows.take(torch.tensor([5, 0, 5]))
    whole = rows.take(torch.arange(40))[0].dense()
    assert torch.equal(batch.dense(), whole[[5, 0, 5]])
    assert torch.equal(targets, rows.targets[[5, 0, 5]])
    assert torch.equal(rows.part(torch.tensor([3, 9])).take(torch.tensor([1, 0]))[0].dense(), whole[[9, 3]])


def test_steps_are_those_of_sparse_adam_and_adam():
    rows = sparse_rows()
    torch.manual_seed(0)
    ours = MLP(30, (8, 8), 3, sparse=True)
    nn.init.normal_(ours.output.weight)
    table = nn.Parameter(ours.hidden[0].weight.clone())
    others = [nn.Parameter(p.detach().clone()) for p in ours.parameters() if p.requires_grad]
    dense = [p for p in ours.parameters() if p.requires_grad]
    together = Together([RowAdam(ours.hidden[0], 0.01), torch.optim.Adam(dense, 0.02)])
    twins = [torch.optim.SparseAdam([table], 0.01), torch.optim.Adam(others, 0.02)]
    for step in range(6):
        batch, targets = rows.take(torch.arange(step * 5, step * 5 + 7))
        together.zero_grad()
        nn.functional.mse_loss(ours(batch), targets).backward()
        together.step()
        b0, W1, b1, W2, b2 = others
        hidden = torch.relu(batch.dense() @ table + b0)
        outputs = torch.relu(hidden @ W1.T + b1) @ W2.T + b2
        gradients = torch.autograd.grad(nn.functional.mse_loss(outputs, targets), [table, *others])
        touched = batch.columns.unique()
        table.grad = torch.sparse_coo_tensor(touched[None], gradients[0][touched], table.shape, check_invariants=True)
        for parameter, gradient in zip(others, gradients[1:], strict=True):
            parameter.grad = gradient
        for twin in twins:
            twin.step()
    torch.testing.assert_close(ours.hidden[0].weight, table, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(dense[0], others[0], rtol=1e-4, atol=1e-5)


def test_pieces_of_a_batch_step_as_the_batch():
    rows = sparse_rows()
    layers = []
    for pieces in (1, 3):
        torch.manual_seed(0)
        layer = SparseLinear(30, 4)
        optimiser = RowAdam(layer, 0.1)
        for chosen in torch.arange(12).chunk(pieces):
            layer(rows.take(chosen)[0]).square().sum().backward()
        optimiser.step()
        layers.append(layer.weight.detach())
    torch.testing.assert_close(*layers)


@pytest.mark.parametrize("threads", [2, 3])
def test_any_number_of_threads_gives_the_same_weights(threads):
    def trained(count):
        before = torch.get_num_threads()
        torch.set_num_threads(count)
        torch.manual_seed(0)
        module = MLP(30, (8, 8), 3, sparse=True, input_dropout=0.2, dropout=0.5)
        optimiser = Together([RowAdam(module.hidden[0], 0.01), torch.optim.Adam(list(module.parameters())[1:], 0.01)])
        Loop(module, nn.functional.mse_loss, optimiser, batch=8).run(sparse_rows(), Allowance(epochs=3), progress=False)
        torch.set_num_threads(before)
        return module

    for ours, theirs in zip(trained(1).parameters(), trained(threads).parameters(), strict=True):
        assert torch.equal(ours, theirs)


def test_the_state_of_several_optimisers_goes_through_a_checkpoint(tmp_path):
    rows = sparse_rows()

    def built():
        torch.manual_seed(0)
        module = MLP(30, (8,), 3, sparse=True)
        return module, Together(
            [RowAdam(module.hidden[0], 0.01), torch.optim.Adam(list(module.parameters())[1:], 0.01)]
        )

    def step(module, optimiser):
        optimiser.zero_grad()
        nn.functional.mse_loss(module(rows.take(torch.arange(9))[0]), rows.targets[:9]).backward()
        optimiser.step()

    module, optimiser = built()
    step(module, optimiser)
    saved, arrays = optimiser_arrays(optimiser)
    weights = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    arrays = {name: array.copy() for name, array in arrays.items()}
    step(module, optimiser)
    again, other = built()
    again.load_state_dict(weights)
    restore_optimiser(other, saved, arrays, "c")
    step(again, other)
    for ours, theirs in zip(module.parameters(), again.parameters(), strict=True):
        assert torch.equal(ours, theirs)


def test_a_frozen_network_predicts_the_same_without_torch():
    from lilliput.nets.dense import sparse_products

    rows = sparse_rows()
    module = MLP(30, (8, 5), 3, sparse=True).eval()
    nn.init.normal_(module.output.weight)
    net = module.freeze()
    with torch.inference_mode():
        wanted = module(rows.take(torch.arange(40))[0]).numpy()
    np.testing.assert_allclose(net.after_first(sparse_products(rows.matrix, net.weights[0])), wanted, atol=1e-5)
