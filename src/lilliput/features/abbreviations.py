"""Words that keep the full stop after them: Mr., etc., No. 5, J. Smith."""

from __future__ import annotations

import re

_ANYWHERE = """
Adm Apr Assn Aug Ave Blvd Bros Capt Co Col Corp Cpl Dec Dept Dr Dra Drs Feb Ft Gen Gov Hon Inc Jan Jr Jul Jun Kft Lt Ltd
MM Maj Mar Messrs Mgr Mlle Mme Mr Mrs Ms Mt Nov Oct Pres Prof Rd Rep Rev Rt Sen Sep Sept Sgt Sr Sra Srta St Ste Str Ud
Uds Univ al approx bijv bv bzw ca cf dhr dr dvs enz etc evtl ggf inkl mevr osv resp usw viz vs κ κκ χλμ κλπ εκ εκατ
"""
_WITH_NUMBER = "Art Ch Fig No Nos Nr Sec Vol art ch fig figs kap kl no nos nr p pp s sec sid vol"

ABBREVIATIONS = frozenset(_ANYWHERE.split())
BEFORE_NUMBERS = frozenset(_WITH_NUMBER.split())

_NUMBER_NEXT = re.compile(r"\. ?0")
_NAME_NEXT = re.compile(r"\. A")


def keeps_stop(word: str, letters: str, stop: int) -> bool:
    """Whether the full stop at ``letters[stop]`` of a text's shape belongs to `word`, which is right before it.

    It does after common abbreviations of European languages, after some of them only if a number follows, and after one
    capital letter if a space and another follow (an initial).
    """
    if word in ABBREVIATIONS:
        return True
    if word in BEFORE_NUMBERS:
        return _NUMBER_NEXT.match(letters, stop) is not None
    return len(word) == 1 and letters[stop - 1] == "A" and _NAME_NEXT.match(letters, stop) is not None
