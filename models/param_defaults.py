"""The settings that a new company starts with. Source: registers.md, appendix A. Migrations hold frozen copies."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

VALID_FROM = dt.date(2020, 1, 1)


@dataclass(frozen=True)
class Default:
    """One setting: its value from `VALID_FROM` on, the unit, and the rules that use it."""

    name: str
    value: str
    unit: str
    rules: str
    remark: str = ""


PARAM_DEFAULTS: tuple[Default, ...] = (
    Default("customer.dormant_days", "60", "calendar days", "CUS-37", "proposed"),
    Default("customer.grade_review_days", "180", "calendar days", "CUS-18", "proposed"),
    Default("customer.noncompete_years", "2", "calendar years", "CUS-26"),
    Default("customer.retention_months", "36", "months", "CUS-13", "proposed"),
    Default("customer.review_interval_days", "90", "calendar days", "CUS-12", "proposed"),
    Default("fine.gift_undelivered_multiple", "10", "times the value of the undelivered pieces", "GIFT-06"),
    Default("fine.gift_unregistered", "50", "yuan per time", "GIFT-04"),
    Default("fine.shared_computer", "100", "yuan per time", "ACL-04"),
    Default("gift.signoff_days", "7", "calendar days after issue", "GIFT-14", "proposed"),
    Default("security.idle_minutes", "15", "minutes", "CUS-45", "proposed"),
)
