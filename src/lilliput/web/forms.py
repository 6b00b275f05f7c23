"""What every request of the API is made of: texts without NUL, and no field that nobody asked for."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

JSON = "application/json"

MOST_TEXTS = 10_000
"""In one request; a file takes more."""
MOST_ITEMS = 1_000
"""That go into one answer, such as the basket of a suggestion."""


class Form(BaseModel):
    """A request or an answer; unknown fields and wrong types are refused, nothing is converted."""

    model_config = ConfigDict(extra="forbid", strict=True)


def _without_nul(text: str) -> str:
    if "\0" in text:
        raise ValueError(f"there is a NUL character at place {text.index(chr(0))}; leave it out")
    return text


def _whole(value: Any) -> Any:
    """JSON has one kind of numbers: 3.0 is 3."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


NO_NUL = AfterValidator(_without_nul)
SHOWN = Field(json_schema_extra={"pattern": "^[^\\u0000]*$"})
"""`NO_NUL`, as a schema tells it. Bounds of a length stand before both, so that they are told as those of a text."""
Text = Annotated[str, NO_NUL, SHOWN]
Name = Annotated[str, Field(min_length=1, max_length=10_000), NO_NUL, SHOWN]
Texts = Annotated[list[Text], Field(min_length=1, max_length=MOST_TEXTS)]
WHOLE = BeforeValidator(_whole)
"""Goes last with an int, after its bounds."""
Most = Annotated[int, Field(ge=1, le=1_000), WHOLE]
