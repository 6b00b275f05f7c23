"""The API answers as its own description says, whatever is asked (Schemathesis makes it up)."""

from __future__ import annotations

import re

import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

SLOW = ("/v1/optimisers",)
ALIKE = re.compile(r"/models/(sides|line|axes|groups|cutter|tongues)/")
"""Models whose verbs are much like those of others."""
KINDS = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)


def test_it_answers_as_described(studio):
    schema = schemathesis.openapi.from_url(f"{studio.url}openapi.json")
    operations = [found.ok() for found in schema.get_all_operations()]
    asked = [operation for operation in operations if operation.path not in SLOW and not ALIKE.search(operation.path)]
    assert len(asked) >= 5
    for operation in asked:
        answers_as_described(operation)


def answers_as_described(operation):
    knows_all = operation.path.endswith("opinions/predict")  # other verbs know some words and labels only
    excluded = [] if knows_all else [positive_data_acceptance]

    @settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.one_of([operation.as_strategy(generation_mode=kind) for kind in KINDS]))
    def answers(case):
        case.call_and_validate(excluded_checks=excluded)

    answers()
