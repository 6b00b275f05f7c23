"""A small convolutional network for pictures of one size."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from lilliput.nets.dropout import Dropout


class ConvNet(nn.Module):
    """Pairs of 3 x 3 convolutions with batch normalisation and rectifiers, halved by maxima after each pair.

    (rows, channels, height, width) to (rows, outputs). The last maps are averaged over the picture and, with dropout,
    given to one linear layer. Simonyan and Zisserman 2015 (pairs), Ioffe and Szegedy 2015 (normalisation), Lin et al.
    2014 (averages instead of wide linear layers). Pictures are made channels-last, which is faster on a processor.

    Parameters
    ----------
    channels, outputs : of a picture; numbers that are predicted.
    widths : channels of each pair.
    dropout : share of the averages left out at a step.
    """

    def __init__(
        self, channels: int, outputs: int, widths: Sequence[int] = (24, 48, 96), *, dropout: float = 0.3
    ) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        before = channels
        for number, width in enumerate(widths):
            layers += [*_convolution(before, width), *_convolution(width, width)]
            if number < len(widths) - 1:
                layers.append(nn.MaxPool2d(2))
            before = width
        self.features = nn.Sequential(*layers).to(memory_format=torch.channels_last)
        self.dropout = Dropout(dropout)
        self.output = nn.Linear(before, outputs)

    def forward(self, pictures: Tensor) -> Tensor:
        """The outputs of pictures."""
        maps = self.features(pictures.contiguous(memory_format=torch.channels_last))
        return self.output(self.dropout(maps.mean(dim=(2, 3))))


def _convolution(before: int, after: int) -> list[nn.Module]:
    return [nn.Conv2d(before, after, 3, padding=1, bias=False), nn.BatchNorm2d(after), nn.ReLU(inplace=True)]
