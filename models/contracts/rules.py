"""The rules of the catalogue as contracts meet them now; those of prices, reviews and amendments come with the whole register."""

from __future__ import annotations

from models.access_rules import GENERAL
from models.register import Rule

RULES: tuple[Rule, ...] = (*GENERAL,)
