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
    Default("fine.depot_visit", "50", "yuan per time", "KEY-16"),
    Default("fine.early_release", "50", "yuan per time", "KEY-06"),
    Default("fine.gift_undelivered_multiple", "10", "times the value of the undelivered pieces", "GIFT-06"),
    Default("fine.gift_unregistered", "50", "yuan per time", "GIFT-04"),
    Default("fine.key_late", "10", "yuan per checkout, flat", "KEY-04"),
    Default("fine.key_lost", "50", "yuan per key, plus compensation", "KEY-03"),
    Default("fine.key_not_registered", "20", "yuan per omission", "KEY-01"),
    Default("fine.private_vehicle_use", "100", "yuan per time", "KEY-13"),
    Default("fine.service_form", "10-50", "yuan per time, both ends included", "SVC-17"),
    Default("fine.service_record_kept", "10", "yuan per time", "SVC-20"),
    Default("fine.service_report", "20", "yuan per time", "SVC-22"),
    Default("fine.shared_computer", "100", "yuan per time", "ACL-04"),
    Default("fine.test_drive_papers", "20", "yuan", "KEY-09"),
    Default("fine.weekly_summary", "20", "yuan per time", "SVC-21"),
    Default("fine.window_open", "20", "yuan per time", "KEY-11, VEH-07"),
    Default("gift.signoff_days", "7", "calendar days after issue", "GIFT-14", "proposed"),
    Default("key.new_car_limit", "1", "new-arrival keys held at once", "KEY-05"),
    Default("key.papers_dismissal_count", "2", "times, included, in a calendar year", "KEY-09", "proposed period"),
    Default("key.return_grace_minutes", "5", "minutes after the end of the drive", "KEY-04"),
    Default("key.scarcity_mode", "1", "1 on, 0 off", "KEY-05", "proposed"),
    Default("key.transfer_damage_percent", "50", "per cent", "KEY-14"),
    Default("security.idle_minutes", "15", "minutes", "CUS-45", "proposed"),
    Default("service.area_grumble_limit", "3", "per area and month, included", "SVC-29"),
    Default("service.max_register_delay_minutes", "10", "minutes", "SVC-02", "proposed"),
    Default("service.onsite_charge_limit", "200.00", "yuan, included", "SVC-08, SVC-09", "proposed"),
    Default("service.retention_months", "18", "calendar months", "SVC-16"),
    Default("service.satisfaction_target", "95", "per cent, strictly above", "SVC-28"),
    Default(
        "service.signature_order",
        "customer_then_manager",
        "customer_then_manager or manager_then_customer",
        "SVC-06, SVC-11",
        "proposed",
    ),
)
