from __future__ import annotations

import pytest
import torch

from lilliput.nets.dropout import Dropout


@pytest.mark.parametrize("share", [0.1, 0.2, 0.5, 0.9])
def test_a_share_is_left_out_and_means_stay(share):
    torch.manual_seed(0)
    found = Dropout(share)(torch.ones(300, 701))
    kept = found != 0
    assert abs((~kept).double().mean() - share) < 0.005
    assert abs(found.double().mean() - 1) < 0.02
    assert found[kept].unique().numel() == 1
    columns = kept.double().mean(dim=0)
    assert (columns - columns.mean()).abs().max() < 0.15  # no unit is favoured


def test_gradients_go_where_values_went():
    torch.manual_seed(0)
    values = torch.randn(20, 30, requires_grad=True)
    found = Dropout(0.5)(values)
    found.sum().backward()
    torch.testing.assert_close(values.grad, (found / values).detach())


def test_nothing_happens_outside_training_or_without_a_share():
    values = torch.randn(3, 4)
    assert Dropout(0.5).eval()(values) is values or torch.equal(Dropout(0.5).eval()(values), values)
    assert torch.equal(Dropout(0.0)(values), values)


def test_masks_are_those_of_the_seed():
    torch.manual_seed(3)
    first = Dropout(0.5)(torch.ones(100))
    torch.manual_seed(3)
    assert torch.equal(first, Dropout(0.5)(torch.ones(100)))
