"""What `predict` is asked, and which of its options a model of each task takes."""

from __future__ import annotations

from dataclasses import dataclass

from lilliput.core.errors import LilliputError

TAKES: dict[str, tuple[str, str]] = {
    "tag": ("tags tokens", "-o --json --skip-bad"),
    "segment": ("cuts texts", "-o --json --skip-bad"),
    "vectors": ("holds word vectors", "-o --json --top --text --no-header --skip-bad"),
    "pair": ("suggests items", "--json --top --adventurous --context"),
    "rank": ("ranks accounts", "-o --json"),
    "pca": ("has principal components", "-o --text --no-header --skip-bad"),
}
"""What a model of a task does, and the options that it has a use for."""
LABELS = "labels texts", "-o --json --text --explain --top --spans --keep --no-header --skip-bad"


@dataclass(frozen=True)
class Asked:
    """The arguments of `predict`; `model` is the path of the file."""

    model: str
    given: str | None
    out: str
    json: bool
    text: str | None
    explain: bool
    top: int | None
    spans: bool
    adventurous: float
    context: str | None
    keep: bool
    no_header: bool
    skip_bad: bool
    quiet: bool

    def check(self, task: str) -> None:
        """Raise `LilliputError` for an option that a model of a task has no use for."""
        does, takes = TAKES.get(task, LABELS)
        odd = [option for option in self._options() if option not in takes.split()]
        if odd:
            raise LilliputError(f"{self.model} {does} and has no use for {' '.join(odd)}; it takes {takes}")

    @property
    def input(self) -> str:
        """What was given; `LilliputError` if nothing was."""
        if self.given is None:
            raise LilliputError(f"{self.model} needs an INPUT; see: lilliput predict --help")
        return self.given

    def _options(self) -> list[str]:
        """Those that were used."""
        used = {
            "-o": self.out != "-",
            "--json": self.json,
            "--text": self.text is not None,
            "--explain": self.explain,
            "--top": self.top is not None,
            "--spans": self.spans,
            "--adventurous": self.adventurous != 0,
            "--context": self.context is not None,
            "--keep": self.keep,
            "--no-header": self.no_header,
            "--skip-bad": self.skip_bad,
        }
        return [option for option, given in used.items() if given]
