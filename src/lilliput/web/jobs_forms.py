"""What the addresses of uploads and jobs take and give."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, RootModel

from lilliput.web.forms import Form, Name, Text
from lilliput.web.trainable import BUDGET

Value = Annotated[bool | int | float | Text, Field(description="of an option, as /v1/trainable says")]


class Fit(Form):
    """A model to be trained from a file."""

    kind: Literal["fit"]
    task: Name
    upload: Annotated[Name, Field(description="id of the file")]
    columns: Annotated[dict[Name, Text], Field(default_factory=dict, max_length=20)]
    options: Annotated[dict[Name, Value], Field(default_factory=dict, max_length=20)]
    budget: Annotated[Name, Field(description="size of the model and time of the fit")] = BUDGET
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] = 0


class Predict(Form):
    """A file whose rows a model answers."""

    kind: Literal["predict"]
    model: Name
    upload: Annotated[Name, Field(description="id of the file")]
    text: Annotated[Text | None, Field(description="column of the texts; null: the one that looks like it")] = None
    skip_bad: Annotated[bool, Field(description="leave the answers of bad rows empty, instead of stopping")] = False


class Asked(RootModel[Annotated[Fit | Predict, Field(discriminator="kind")]]):
    """A job."""


class Keep(Form):
    """The name under which a trained model is served from now on."""

    name: Name


class Kept(Form):
    """Where a kept model is."""

    name: str
    page: str


class Sent(Form):
    """A file that was sent."""

    id: str
    name: str
    bytes: int
    columns: list[str]
    text: Annotated[str | None, Field(description="the column that looks like that of the texts")]
    target: Annotated[str | None, Field(description="the column that looks like that of the labels")]
    rows: Annotated[list[list[str]], Field(description="the first few")]


class Told(Form):
    """A job, and how far it is."""

    id: str
    state: Literal["waiting", "running", "cancelling", "done", "failed", "cancelled"]
    kind: Literal["fit", "predict"]
    what: Annotated[str, Field(description="the task, or the model")]
    data: Annotated[str, Field(description="the file's name")]
    request: dict[str, Any]
    created: Annotated[float, Field(description="seconds since 1970")]
    download: Annotated[str, Field(description="name of the result")]
    end: Annotated[dict[str, Any] | None, Field(description="the last event, once it has ended")]
    last: Annotated[dict[str, Any] | None, Field(description="the last event of progress")]


class AllTold(Form):
    """The jobs, the newest first."""

    jobs: list[Told]
