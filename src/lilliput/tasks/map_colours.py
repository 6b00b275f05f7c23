"""The colours of maps: twelve that are told apart on a light and on a dark ground, and what is around them."""

from __future__ import annotations

from typing import NamedTuple


class Theme(NamedTuple):
    """Ground, text, faint lines, and the colours of the groups."""

    ground: str
    text: str
    faint: str
    groups: tuple[str, ...]


LIGHT = Theme(
    "#fbfaf7", "#22262b", "#8b9199",
    (
        "#2b68b2", "#c25a0f", "#2b8240", "#b4273c", "#6d4da8", "#0e7a85",
        "#875926", "#b5347c", "#5f6f00", "#3d5c7c", "#9c7200", "#8a3fb0",
    ),
)  # fmt: skip
DARK = Theme(
    "#14171b", "#e4e6e9", "#70767e",
    (
        "#7db1f2", "#f6a35f", "#7fd192", "#f48b98", "#baa5ec", "#66cdd4",
        "#d4a979", "#f093c5", "#b8c956", "#9fb9d4", "#e6c250", "#d19dec",
    ),
)  # fmt: skip
THEMES = {"light": LIGHT, "dark": DARK}
