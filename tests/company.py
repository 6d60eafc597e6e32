"""A small company for tests: the accounts of the demo company, made quickly, with builders that go through the write path.

def test_x(company): company.gift_in("approved"); page = company.browser("market_specialist").get("/admin/gift_signoff/")
"""

from __future__ import annotations

import datetime as dt
import io
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from peewee import Database
from werkzeug.test import TestResponse

from backoffice import clock, sessions
from backoffice.access import Access, access_of
from backoffice.app import create_app
from backoffice.change import change
from backoffice.commanding import close
from backoffice.config import Settings
from backoffice.database import open_database
from backoffice.declarations import Catalogue
from backoffice.demo.company import ACCOUNTS, AREAS, GROUPS, WITHOUT_EXPORT
from backoffice.outcomes import Done, Outcome
from backoffice.people import hats
from backoffice.security import cookie_name
from backoffice.uploads import store
from models.accounts import Area, Department, ExportGrant, Group, User, UserRole
from models.base import db
from models.evidence import StoredFile
from models.matrix import DEPARTMENTS
from tests.accounts_app import CHEAP, PASSWORD, Browser
from tests.quick import catalogue_without, shared

NOW = dt.datetime(2026, 3, 4, 2, 0, tzinfo=dt.UTC)
SECRET = "f3a9c1d7e5b8406292d1c7e4a6b3f8057d9e2c4b"
_HASH = CHEAP.hash(PASSWORD)
# A car that came back as it went.
CHECKED = {"check_windows": "ok", "check_doors": "ok", "check_body": "ok", "check_interior": "ok"}
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


class NotDone(Exception):
    """The company could not be brought where a test wants it. No AssertionError: it proves nothing about a rule."""


@dataclass
class Company:
    """The company in one database. `catalogue` may have rule rows switched off or registers added."""

    database: Database
    data_dir: Path
    catalogue: Catalogue
    now: dt.datetime = NOW
    users: dict[str, User] = field(default_factory=dict)
    _app: Flask | None = None

    # ---- people ----------------------------------------------------------------------------------------------------

    def access(self, username: str) -> Access:
        user = User.get(User.username == username)
        roles = [row.role for row in UserRole.select().where(UserRole.user == user.id)]
        today = self.now.astimezone(clock.company_zone()).date()
        return access_of(user, hats(user, roles, today), self.catalogue, today, "127.0.0.1")

    def settings(self) -> Settings:
        return Settings.read(
            {
                "BACKOFFICE_SECRET_KEY": SECRET,
                "BACKOFFICE_DATA_DIR": str(self.data_dir),
                "BACKOFFICE_COMPANY_NAME": "测试公司",
                "BACKOFFICE_TRUSTED_HOSTS": "localhost",
                "BACKOFFICE_SECOND_FACTOR": "off",
            }
        )

    @property
    def app(self) -> Flask:
        if self._app is None:
            self._app = shared(self.catalogue, self._made)
        # The application is shared with other tests of the same catalogue; the files are this company's own.
        self._app.config["DATA_DIR"] = self.data_dir
        return self._app

    def _made(self) -> Flask:
        return create_app(self.settings(), catalogue=self.catalogue, hasher=CHEAP, bind=False)

    def browser(self, username: str) -> Signed:
        """Somebody signed in, without the cost of a password; use inside `clock.set_to(company.now)` or at real time."""
        with db.atomic():
            token = sessions.open_session(self.users[username].id, now=clock.now(), today=clock.today())
        made = Signed(self.app)
        with self.app.test_request_context(base_url=made.base):
            made.client.set_cookie(cookie_name("sid"), token, domain="localhost")
        return made

    # ---- acts ------------------------------------------------------------------------------------------------------

    def do(
        self,
        username: str,
        register: str,
        record: int | None,
        act: str,
        inputs: Mapping[str, Any] | None = None,
        version: int | None = None,
        now: dt.datetime | None = None,
    ) -> Outcome:
        at = now or self.now
        with clock.set_to(at):
            return change(self.access(username), register, record, act, inputs or {}, version, at)

    def done(self, *args: Any, **kwargs: Any) -> Done:
        """As `do`, for what a test takes for granted; raises NotDone with what came instead."""
        outcome = self.do(*args, **kwargs)
        if not isinstance(outcome, Done):
            raise NotDone(outcome)
        return outcome

    def upload(self, username: str, register: str, name: str, filename: str = "签收单.pdf") -> int:
        kept = store(
            (filename, io.BytesIO(PDF)),
            register=register,
            field=name,
            actor=self.users[username],
            now=self.now,
            data_dir=self.data_dir,
        )
        with db.atomic():
            return int(StoredFile.insert(**kept.columns()).execute())

    # ---- builders --------------------------------------------------------------------------------------------------

    def gift_item(self, code: str = "LP-CY", stock: int = 10, value: str = "88.50", **more: Any) -> int:
        inputs = {"code": code, "name": f"礼品{code}", "unit": "盒", "unit_value": value, "active": True, **more}
        made = self.done("market_specialist", "gift_item", None, "create", inputs)
        if stock:
            self.done("market_specialist", "gift_item", made.id, "stock_in", {"quantity": str(stock)})
        return made.id

    def customer(self, owner: str = "salesperson", **more: Any) -> int:
        self._count = getattr(self, "_count", 0) + 1
        inputs = {
            "name": f"青川第{self._count}建材有限公司",
            "customer_kind": "company",
            "relation": "current",
            "registered_address": "川北路1号",
            "area": Area.get(Area.code == "A").id,
            "phone": f"0839-5550{self._count:03d}",
            "grade_scheme": "abc_value",
            "source_channel": "exhibition",
            "confidentiality": "internal",
            "legal_representative": "赵法人",
            "contacts": [{"name": "钱联系", "mobile": f"139000{self._count:05d}", "main": True}],
            **more,
        }
        return self.done(owner, "customer_archive", None, "create", inputs).id

    def gift(self, applicant: str = "salesperson", gift: int | None = None, quantity: int = 3, **more: Any) -> int:
        """A draft; a roadshow when `purpose` says so."""
        if gift is None:
            found = self.catalogue["gift_item"].model.get_or_none()
            gift = found.id if found is not None else self.gift_item()
        inputs: dict[str, Any] = {
            "purpose": "visit",
            "visit_on": (self.now + dt.timedelta(days=3)).date().isoformat(),
            "lines": [{"gift": gift, "quantity": quantity}],
            **more,
        }
        if inputs["purpose"] == "roadshow":
            inputs.setdefault("roadshow", "XZ-2026-0001")
        elif "customer" not in inputs:
            owner = applicant if applicant != "market_specialist" else "salesperson"
            inputs["customer"] = self.customer(owner)
        return self.done(applicant, "gift_signoff", None, "create", inputs).id

    def car(self, name: str = "川A·D0307", car_class: str = "test", **more: Any) -> int:
        self._count = getattr(self, "_count", 0) + 1
        inputs = {
            "plate_no": name,
            "frame_no": f"LSV{self._count:014d}",
            "model": "轩途",
            "car_class": car_class,
            **more,
        }
        return self.done("custodian_5s", "vehicle_stock", None, "create", inputs).id

    def key(self, car: int | None = None, copy_no: int = 1, **more: Any) -> int:
        """A key of this car, or of a new one; `more` are values of the key."""
        self._count = getattr(self, "_count", 0) + 1
        car = car or self.car(f"川A·{self._count:05d}")
        car_class = self.catalogue["vehicle_stock"].model.get_by_id(car).car_class
        inputs = {"key_no": f"YS{self._count:03d}", "car": car, "car_class": car_class, "copy_no": copy_no, **more}
        return self.done("custodian_5s", "car_key", None, "create", inputs).id

    def new_key(self, **more: Any) -> int:
        """The key of a car that has just arrived; `more` are values of the car."""
        self._count = getattr(self, "_count", 0) + 1
        return self.key(self.car(f"新A·{self._count:05d}", "stock", new_arrival=True, **more))

    def line_inputs(self, purpose: str = "test_drive", holder: str = "sales_consultant", **more: Any) -> dict[str, Any]:
        """What a key line of this purpose needs."""
        people = {name: self.users[name].id for name in ("group_leader", "group_leader_2")}
        inputs: dict[str, Any] = {"purpose": purpose, "holder": self.users[holder].id, **more}
        if "key" not in inputs:
            inputs["key"] = self.key()
        if purpose in {"test_drive", "viewing", "delivery"} and "customer" not in inputs:
            inputs["customer"] = self.customer("sales_consultant")
        needed = {
            "test_drive": {"accompanied_by": people["group_leader"]},
            "delivery": {"order": "DD-2026-0001", "payment_mode": "full"},
            "bank_run": {"companion": people["group_leader_2"]},
        }
        return {**needed.get(purpose, {}), **inputs}

    def line(self, purpose: str = "test_drive", holder: str = "sales_consultant", **more: Any) -> int:
        """A requested key line, entered by the second custodian."""
        inputs = self.line_inputs(purpose, holder, **more)
        return self.done("custodian_5s_2", "key_checkout", None, "create", inputs).id

    def papers(self, *names: str, who: str = "custodian_5s") -> dict[str, Any]:
        return {name: self.upload(who, "key_checkout", name, "手续.pdf") for name in names}

    def line_in(self, state: str, purpose: str = "test_drive", **more: Any) -> int:
        """A key line brought to a state; issued now, of a test drive the end is half an hour later, the return four minutes after it."""
        record = self.line(purpose, **more)
        if state == "requested":
            return record
        if purpose in {"other", "bank_run", "delivery"}:
            who = "finance" if purpose == "delivery" else "sales_manager"
            self.done(who, "key_checkout", record, "approved", {"reason": "同意"})
        if state == "approved":
            return record
        if state == "void":
            self.done("custodian_5s", "key_checkout", record, "void", {"reason": "客户改期"})
            return record
        papers = self.papers("agreement_file", "licence_file") if purpose == "test_drive" else {}
        self.done("custodian_5s", "key_checkout", record, "issued", papers)
        ended, back = self.now + dt.timedelta(minutes=30), self.now + dt.timedelta(minutes=34)
        if state == "lost":
            typed = {"lost_at": self.now, "compensation": "800.00", "reason": "还车时发现钥匙丢失"}
            self.done("custodian_5s", "key_checkout", record, "lost", typed, now=ended)
        elif state != "issued":
            if purpose == "test_drive":
                self.done(
                    "sales_consultant", "key_checkout", record, "drive_ended", {"drive_ended_at": ended}, now=ended
                )
            if state != "drive_ended":
                self.done("custodian_5s", "key_checkout", record, "returned", CHECKED, now=back)
            if state == "closed":
                papers = self.papers("confirmation_file", "survey_file") if purpose == "test_drive" else {}
                self.done("custodian_5s", "key_checkout", record, "closed", papers, now=back)
        return record

    def product(self, code: str = "", **more: Any) -> int:
        self._count = getattr(self, "_count", 0) + 1
        inputs = {
            "code": code or f"CP{self._count:03d}",
            "name": "外加剂 ZM-2",
            "specification": "25kg",
            "unit": "bag",
            "warranty_months": "12",
            "active": True,
            **more,
        }
        return self.done("business_clerk", "product", None, "create", inputs).id

    def warehouse(self, code: str = "", **more: Any) -> int:
        self._count = getattr(self, "_count", 0) + 1
        inputs = {"code": code or f"CK{self._count:03d}", "name": f"{self._count}号库", "active": True, **more}
        return self.done("business_clerk", "warehouse", None, "create", inputs).id

    def spare_part(self, stock: str = "10", product: int | None = None, warehouse: int | None = None) -> int:
        product = product or self.product(name="滤芯", specification="10寸", unit="piece", spare_part=True)
        inputs = {"product": product, "warehouse": warehouse or self.warehouse()}
        made = self.done("warehouse_keeper", "spare_part", None, "create", inputs)
        if stock:
            self.done("warehouse_keeper", "spare_part", made.id, "stock_in", {"quantity": stock})
        return made.id

    def contract(self, owner: str = "salesperson", state: str = "signed", **more: Any) -> int:
        """A contract of two years around today."""
        inputs = {"subject": "外加剂供货与售后服务", "valid_from": "2025-03-01", "valid_to": "2027-02-28", **more}
        inputs.setdefault("customer", self.customer(owner) if "customer" not in inputs else None)
        made = self.done(owner, "contract", None, "create", inputs)
        if state == "signed":
            self.done("sales_manager", "contract", made.id, "signed", {"signed_on": "2025-02-25"})
        return made.id

    def complaint(self, who: str = "salesperson", **more: Any) -> int:
        inputs: dict[str, Any] = {
            "complainant": "吴投诉",
            "received_at": "2026-03-02 09:30",
            "order_no": "DD-2026-0001",
            "batch_no": "B0912",
            "delivered_qty": "100",
            "defective_qty": "20",
            "category": "quality",
            "demand": "退货",
            **more,
        }
        if "customer" not in inputs:
            inputs["customer"] = self.customer("salesperson")
        if "product" not in inputs:
            inputs["product"] = self.product()
        return self.done(who, "complaint", None, "create", inputs).id

    def complaint_in(self, state: str, method: str = "return", who: str = "salesperson", **more: Any) -> int:
        """A complaint brought to a state; the decision approves 20 pieces or 320 yuan."""
        decided: dict[str, Any] = {name: more.pop(name) for name in ("approved_qty", "amount") if name in more}
        record = self.complaint(who, **more)
        if state in {"registered", "void", "not_upheld"}:
            if state != "registered":
                by = "deputy_gm" if state == "not_upheld" else "service_manager"
                self.done(by, "complaint", record, state, {"reason": "客户撤诉"})
            return record
        typed: dict[str, Any] = {
            "handler": self.users["service_staff"].id,
            "method": method,
            "approved_qty": "20" if method in {"return", "rework"} else "",
            "amount": "320.00" if method in {"discount", "compensation"} else "",
            "reason": "批次不合格",
            **decided,
        }
        self.done("deputy_gm", "complaint", record, "judged", typed)
        if state == "judged":
            return record
        if state == "unaccepted":
            self.done("service_manager", "complaint", record, "unaccepted", {"reason": "要求全退"})
            return record
        self.done("service_manager", "complaint", record, "notified")
        if state == "closed":
            self.settle(record, method)
            self.done("service_manager", "complaint", record, "closed")
        return record

    def settle(self, complaint: int, method: str) -> None:
        """The paper that the decision ordered, made and posted."""
        if method in {"return", "rework"}:
            self.slip_in("posted", complaint=complaint, handling=method)
        elif method == "exchange":
            case = self.catalogue["complaint"].model.get_by_id(complaint)
            self.ledger("exchange_out", complaint=complaint, customer=case.customer_id, product=case.product_id)
        elif method in {"discount", "compensation"}:
            self.certificate_in("posted", complaint=complaint, kind=method)

    def service_inputs(self, kind: str = "C", **more: Any) -> dict[str, Any]:
        """What a request of this kind needs: ten minutes ago by telephone, for a customer of area A."""
        inputs: dict[str, Any] = {
            "received_at": self.now - dt.timedelta(minutes=10),
            "channel": "telephone",
            "origin": "customer_request",
            "service_kind": kind,
            "service_content_class": "consulting",
            "fault_description": "搅拌后凝固过快",
            **more,
        }
        if kind == "D":
            return inputs
        if "customer" not in inputs:
            inputs["customer"] = self.customer("salesperson")
        if kind == "B" and "contract" not in inputs:
            inputs["contract"] = self.contract(customer=inputs["customer"])
        request = {
            "service_address": "川北路1号",
            "service_phone": "13555500100",
            "product_model": "ZM-2",
            "specification": "25kg",
            "purchased_on": "2025-05-06",
            "purchased_at": "川北经销点",
        }
        return {**request, **inputs}

    def service(self, kind: str = "C", who: str = "service_staff", **more: Any) -> int:
        """A registered service."""
        return self.done(who, "service_log", None, "create", self.service_inputs(kind, **more)).id

    def service_in(self, state: str, kind: str = "C", **more: Any) -> int:
        """A service brought to a state: sent out now, there for an hour, signed by customer and manager in the order of the setting."""
        record = self.service(kind, **more)
        if state == "registered":
            return record
        if state == "void":
            self.done("service_manager", "service_log", record, "void", {"reason": "客户取消"})
            return record
        for name, who, typed, minutes in self.service_road(record, kind):
            at = self.now + dt.timedelta(minutes=minutes)
            self.done(who, "service_log", record, name, typed(), now=at)
            if name == state:
                return record
        raise NotDone(state)

    def service_road(self, record: int, kind: str = "C") -> Sequence[tuple[str, str, Any, int]]:
        """The steps of a service: name, who, what is typed, and how many minutes after now."""
        start = self.now

        def later(minutes: int) -> dt.datetime:
            return start + dt.timedelta(minutes=minutes)

        def signed() -> dict[str, Any]:
            signer = "孙客户" if kind != "D" else self.head_of(record)
            file = self.upload("service_staff", "service_log", "signed_paper", "凭证.pdf")
            return {"customer_signed_by": signer, "customer_signed_at": later(70), "signed_paper": file}

        work = {"started_at": later(20), "finished_at": later(60), "work_done": "调整配比并复测"}
        charge = {"charge_amount": "180.00"} if kind == "A" else {}
        model = self.catalogue["service_log"].model
        by_customer = ("customer_signed", "service_staff", signed, 75)
        by_manager = ("countersigned", "service_manager_2", lambda: {"reason": "同意"}, 80)
        customer_first = model.get_by_id(record).signature_order == "customer_then_manager"
        settled = {"cash_handed_on": later(0).date(), "invoice_no": "FP-0031"}
        road = [
            ("dispatched", "service_manager", lambda: {"dispatched_to": self.users["service_staff"].id}, 0),
            ("on_site", "service_staff", lambda: {"arrived_at": later(15)}, 16),
            ("finished", "service_staff", lambda: {**work, **charge}, 62),
            *((by_customer, by_manager) if customer_first else (by_manager, by_customer)),
        ]
        if kind == "A":
            road.append(("settled", "finance", lambda: settled, 90))
        archived = {
            "second_part_back_on": later(0).date(),
            "satisfaction": "satisfied",
            "result_told_on": later(0).date(),
        }
        return (*road, ("archived", "business_clerk", lambda: archived, 100))

    def head_of(self, record: int) -> str:
        """The name of the head of the internal customer, of anybody where there is none."""
        row = self.catalogue["service_log"].model.get_by_id(record)
        heads = ("dept_head", "sales_manager", "service_manager")
        query = User.select().join(UserRole, on=(UserRole.user == User.id))
        found = query.where(UserRole.role.in_(heads) & (User.department == row.customer_department_id)).first()
        return str(found.name) if found is not None else "孙负责人"

    def away(self, entry: int, who: str = "service_staff", state: str = "approved", **more: Any) -> int:
        """An out-of-town application of a technician for this entry."""
        inputs: dict[str, Any] = {
            "service_entry": entry,
            "place": "重庆",
            "people": [{"person": self.users[who].id}],
            "planned_from": self.now,
            "planned_to": self.now + dt.timedelta(days=2),
            "travel_budget": "800.00",
            "allowance_budget": "200.00",
            "reason": "现场复测",
            **more,
        }
        record = self.done(who, "out_of_town_application", None, "create", inputs).id
        for name, by in (("submitted", who), ("approved", "service_manager"), ("done", who)):
            if state == "draft":
                break
            self.done(by, "out_of_town_application", record, name, {"reason": "同意"} if name == "approved" else {})
            if name == state:
                break
        return record

    def slip(self, who: str = "sales_clerk", **more: Any) -> int:
        """A return slip, on a complaint of its own unless one is named."""
        inputs: dict[str, Any] = {
            "return_reason": "质量问题",
            "handling": "return",
            "basis": "核决 2026-03",
            **more,
        }
        if "complaint" not in inputs:
            inputs["complaint"] = self.complaint_in("notified", inputs["handling"])
        return self.done(who, "product_return", None, "create", inputs).id

    def slip_in(self, state: str, received: str = "", *, entered: bool = True, **more: Any) -> int:
        """A return slip brought to a state; all of it comes back unless `received` says how much, and is `entered` in the ledger."""
        record = self.slip(**more)
        back = received or ("18" if state == "disputed" else "20")
        road = (
            ("approved", "deputy_gm", {"reason": "同意"}),
            ("received", "warehouse_keeper", {"received_qty": back}),
            ("disputed" if state == "disputed" else "reconciled", "finance", {"reason": "与核定量核对"}),
            ("posted", "finance", {"posting_no": "PZ-2026-0031"}),
        )
        if state == "void":
            self.done("sales_clerk", "product_return", record, "void", {"reason": "客户留用"})
            return record
        for name, who, typed in road if state != "issued" else ():
            if name in {"reconciled", "disputed"} and entered:
                self.ledger("received", return_slip=record)
            self.done(who, "product_return", record, name, typed)
            if name == state:
                break
        return record

    def certificate(self, who: str = "sales_clerk", **more: Any) -> int:
        inputs = {"kind": "discount", "amount": "320.00", **more}
        if "complaint" not in inputs:
            inputs["complaint"] = self.complaint_in("notified", inputs["kind"])
        return self.done(who, "sales_discount_certificate", None, "create", inputs).id

    def certificate_in(self, state: str, **more: Any) -> int:
        record = self.certificate(**more)
        register = "sales_discount_certificate"
        if state == "void":
            self.done("sales_clerk", register, record, "void", {"reason": "客户放弃"})
            return record
        for name, who in (("approved", "deputy_gm"), ("sealed", "sales_clerk"), ("posted", "finance")):
            if state == "issued":
                break
            typed: dict[str, Any] = {}
            if name == "sealed":
                typed = {"customer_seal_on": "2026-03-04", "sealed_paper": self.upload(who, register, "sealed_paper")}
            self.done(who, register, record, name, typed)
            if name == state:
                break
        return record

    def ledger_inputs(self, movement: str = "received", **more: Any) -> dict[str, Any]:
        """What a clerk types into a ledger line, linked to a complaint of the same customer (a return: to its slip)."""
        ground = "short_measure" if movement in {"exchange_out", "make_up", "compensation"} else "quality"
        inputs: dict[str, Any] = {"movement": movement, "ground": ground, **more}
        if movement == "handed_over" and "return_slip" not in inputs and "product" not in inputs:
            inputs["return_slip"] = self.slip_in("approved")
        if inputs.get("return_slip"):
            slip = self.catalogue["product_return"].model.get_by_id(inputs["return_slip"])
            inputs = {"customer": slip.customer_id, "product": slip.product_id, **inputs}
        if "customer" not in inputs:
            case = self._case()
            inputs["customer"] = case.customer_id
            inputs.setdefault("product", case.product_id)
            inputs.setdefault("complaint", case.id)
        inputs.setdefault("product", self._case().product_id)
        inputs.setdefault("area", Area.get(Area.code == "A").id)
        inputs.setdefault("amount" if movement == "compensation" else "quantity", "20")
        return inputs

    def _case(self) -> Any:
        """The complaint to which lines are linked that name nothing else."""
        model = self.catalogue["complaint"].model
        return model.get_or_none(model.number == "TS-2026-0001") or model.get_by_id(self.complaint())

    def ledger(self, movement: str = "received", who: str = "business_clerk", **more: Any) -> int:
        return self.done(who, "aftersales_ledger", None, "create", self.ledger_inputs(movement, **more)).id

    def ledger_in(self, state: str, movement: str = "received", who: str = "business_clerk", **more: Any) -> int:
        """A ledger line brought to a state along the usual road; returns and scrap are inspected on it."""
        now = more.pop("now", None)
        record = self.ledger(movement, who, **more)
        quality = {"inspection_no": "JY-2026-0007", "inspection_result": "failed", "reason": "强度不足"}
        road = [
            ("inspected", "quality_inspector", quality),
            ("approved", "gm" if movement == "scrap" else "dept_head_business", {"reason": "同意"}),
            ("executed", "business_clerk", {}),
            ("closed", "business_clerk", {"disposition": "pending"}),
        ]
        if state in {"open", "refused"}:
            if state == "refused":
                self.done("gm", "aftersales_ledger", record, "refused", {"reason": "超出保修期"}, now=now)
            return record
        for name, by, typed in road[0 if movement in {"handed_over", "scrap"} or state == "inspected" else 1 :]:
            self.done(by, "aftersales_ledger", record, name, typed, now=now)
            if name == state or (state == "reversed" and name == "executed"):
                break
        if state == "reversed":
            self.done("business_clerk", "aftersales_ledger", record, "reversed", {"reason": "录入有误"}, now=now)
        return record

    def gift_in(self, state: str, applicant: str = "salesperson", **more: Any) -> int:
        """A gift brought to a state along the usual road: two signatures, issue of 3, one signed for, two undelivered."""
        record = self.gift(applicant, **more)
        for name, username, act, inputs in self._road(applicant):
            if state == "draft":
                break
            self.done(username, "gift_signoff", record, act, inputs())
            if name == state:
                return record
        assert state == "draft", f"no road to {state}"
        return record

    def _road(self, applicant: str) -> Sequence[tuple[str, str, str, Any]]:
        def opinion() -> dict[str, Any]:
            return {"reason": "同意"}

        def sheet() -> dict[str, Any]:
            file = self.upload(applicant, "gift_signoff", "signoff_file")
            return {
                "signoff_signer": "孙客户",
                "signoff_on": self.now.astimezone(clock.company_zone()).date().isoformat(),
                "signoff_file": file,
                "lines": [{"signed_qty": "1"}],
            }

        return (
            ("submitted", applicant, "submitted", dict),
            ("specialist_signed", "market_specialist", "specialist_signed", opinion),
            ("approved", "sales_manager", "approved", opinion),
            ("issued", "market_specialist", "issued", dict),
            ("partly_signed", applicant, "partly_signed", sheet),
            (
                "undelivered",
                "sales_manager",
                "undelivered",
                lambda: {"reason": "客户称未收到", "lines": [{"undelivered_qty": "2"}]},
            ),
            ("closed", "market_specialist", "closed", dict),
        )


class Signed(Browser):
    """A signed-in browser that reads pages as parsed HTML."""

    def page(self, path: str, status: int = 200) -> BeautifulSoup:
        response = self.get(path)
        assert response.status_code == status, f"{path}: {response.status}\n{response.text[:2000]}"
        return BeautifulSoup(response.text, "html.parser")

    def send(self, path: str, data: Mapping[str, Any], **kwargs: Any) -> TestResponse:
        """POST with the token of the account's password page."""
        return self.post(path, data, form="/account/password/", **kwargs)


def made_company(database: Database, data_dir: Path, catalogue: Catalogue | None = None) -> Company:
    """Accounts, departments, groups, areas and export grants of the demo company, by direct inserts."""
    company = Company(database, data_dir, catalogue or catalogue_without())
    with db.atomic():
        _insert(company)
    return company


def _insert(company: Company) -> None:
    stamp = {"created_at": NOW, "updated_at": NOW}
    departments = {code: Department.create(code=code, name=text.zh, **stamp) for code, text in DEPARTMENTS.items()}
    Department.update(signing=departments["sales"]).where(Department.id == departments["market"].id).execute()
    groups = {
        code: Group.create(code=code, name=name, department=departments["sales"], **stamp) for code, name in GROUPS
    }
    areas = {code: Area.create(code=code, name=name, out_of_town=far, **stamp) for code, name, far in AREAS}
    for account in ACCOUNTS:
        user = User.create(
            username=account.username,
            name=account.name,
            department=departments[account.department],
            group=groups.get(account.group),
            area=areas.get(account.area),
            password_hash=_HASH,
            must_change_password=False,
            **stamp,
        )
        UserRole.create(user=user, role=account.role)
        company.users[account.username] = user
        for name, declaration in company.catalogue.items():
            cells = declaration.register.access.get(account.role, ())
            if any("export" in grant.verbs for grant in cells) and account.username not in WITHOUT_EXPORT:
                ExportGrant.create(user=user, register=name, reason="测试", granted_at=NOW)


@contextmanager
def models_on(url: str) -> Iterator[Database]:
    """The models on this database, for the length of the block."""
    before, database = db.obj, open_database(url)
    db.initialize(database)
    database.connect()
    try:
        yield database
    finally:
        close(database)
        db.obj = before


@pytest.fixture(scope="session")
def sqlite_company(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file with the company in it, of which every test gets a copy."""
    path = tmp_path_factory.mktemp("company") / "company.db"
    shutil.copyfile(sqlite_template, path)
    with models_on(f"sqlite:///{path}") as database:
        made_company(database, path.parent)
    return path


@pytest.fixture(scope="session")
def postgres_company(postgres_template: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The name of a migrated PostgreSQL database with the company in it."""
    server, name = postgres_template.server, f"{postgres_template.name}_company"
    with models_on(server.create(name, postgres_template.name)) as database:
        made_company(database, tmp_path_factory.mktemp("company"))
    yield name
    server.drop(name)


@pytest.fixture
def company(database: Database, tmp_path: Path, switched_off: frozenset[str]) -> Company:
    """The company; in the second run of a test of a rule it goes without that rule (tests/rule_marks.py)."""
    made = Company(database, tmp_path / "data", catalogue_without(switched_off))
    made.users.update((user.username, user) for user in User.select().order_by(User.id))
    return made


__all__ = [
    "CHECKED",
    "NOW",
    "Company",
    "Signed",
    "company",
    "made_company",
    "models_on",
    "postgres_company",
    "sqlite_company",
]
