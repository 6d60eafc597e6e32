"""What became of the demo company's customers: stages, grades, papers, transfers, one pair merged and one undecided."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from backoffice import clock
from backoffice.demo.papers import paper
from backoffice.demo.world import Timeline, World, office

if TYPE_CHECKING:
    from backoffice.demo.customers import Planned

REGISTER = "customer_archive"
_SELLERS = ("salesperson", "salesperson_2", "sales_consultant", "sales_consultant_2", "key_account")
_MANAGERS = ("sales_manager", "sales_manager_2")
_GRADES = {
    "abc_value": ("A", "B", "C"),
    "need_urgency": ("A", "B", "C"),
    "three_way": ("key", "general", "potential"),
    "strategic": ("strategic", "important", "ordinary"),
}
_DIRECTIONS = ("扩建二期厂房", "转向高端产品", "开拓外省市场", "保持现有规模")
_PAPERS = (
    ("contract", "年度供货合同"),
    ("period_report", "季度销售统计"),
    ("market_analysis", "客户市场分析"),
    ("meeting_minutes", "洽谈会议记录"),
    ("visit_form", "客户访问表"),
    ("letter_fax", "询价来函"),
)
# How far customers have come: the acts, and how many of a hundred.
_ROADS: tuple[tuple[tuple[str, ...], int], ...] = (
    ((), 110),
    (("propose_grade",), 6),
    (("target",), 16),
    (("target", "set_grade", "signed"), 14),
    (("target", "set_grade", "signed", "papers", "confirm_review"), 6),
    (("target", "dormant"), 6),
)


def plan_lives(
    world: World, timeline: Timeline, planned: Sequence[Planned], corrected: frozenset[str]
) -> frozenset[str]:
    """The later acts of all customers that are not voided; answers whom gifts had better leave alone.

    `corrected` names those whose owners have an edit to make: they keep their owner and stay open.
    """
    rng = world.rng
    play = _Player(world, timeline)
    invented = [customer for customer in planned if not customer.key.startswith("example")]
    settled = world.now - dt.timedelta(days=200)
    ended = rng.sample([one for one in invented if one.at < settled and one.key not in corrected], 14)
    for customer in ended[:5]:
        play.road(customer, ("target", "set_grade", "signed", "papers", "archived"))
    for customer in ended[5:8]:
        play.road(customer, ("target", "dormant", "archived"))
    for customer in ended[8:13]:
        play.road(customer, ("target", "transfer_owner"))
    play.merge(ended[13], planned)
    gone = {customer.key for customer in ended}
    for customer in invented:
        if customer.key not in gone:
            play.road(customer, rng.choices([acts for acts, _ in _ROADS], [share for _, share in _ROADS])[0])
    _examples(play, {customer.key: customer for customer in planned})
    return frozenset(gone)


def _examples(play: _Player, known: Mapping[str, Planned]) -> None:
    """The catalogue's: grade B of 青川建材 by value, grade A of the person by urgency."""
    play.road(known["example:qingchuan"], ("target", "propose_grade", "set_grade", "signed", "papers"), grade="B")
    play.road(known["example:person"], ("set_grade",), grade="A")


class _Player:
    """Puts acts on the timeline, each some days after the one before."""

    def __init__(self, world: World, timeline: Timeline) -> None:
        self.world = world
        self.timeline = timeline
        self.contracts = 0

    def road(self, customer: Planned, acts: Sequence[str], grade: str = "") -> None:
        rng, at = self.world.rng, customer.at
        scheme = str(customer.inputs.get("grade_scheme", "abc_value"))
        chosen = grade or rng.choice(_GRADES[scheme])
        for act in acts:
            at = self._later(at, rng.randrange(3, 12))
            if act == "target" and "development_direction" not in customer.inputs:
                self._do(customer.owner, customer, "update", self._assessment(at), at)
                at += dt.timedelta(minutes=rng.randrange(5, 40))
            who, inputs = self._act(customer, act, chosen)
            self._do(who, customer, "update" if act == "papers" else act, inputs, at)

    def merge(self, second: Planned, planned: Sequence[Planned]) -> None:
        """A customer registered twice: the telephone is that of an earlier one, decided by the manager, merged by the archivist."""
        first = next(
            one for one in planned if one.at < second.at and one.owner != second.owner and one.key.startswith("filled")
        )
        at = self._later(second.at, 2)
        # The telephone is known only when the customers have theirs; this runs after.
        second.inputs["phone"] = _spaced(str(first.inputs["phone"]))
        self._do(
            "sales_manager",
            second,
            "decide_duplicate",
            {"duplicate_decision": "same", "reason": "同一客户，两处登记"},
            at,
        )
        self._do("archivist", second, "merge", lambda _: {"merged_into": self.world.ids[first.key]}, self._later(at, 1))

    def _later(self, at: dt.datetime, days: int) -> dt.datetime:
        return office(at.astimezone(clock.company_zone()).date() + dt.timedelta(days=days), self.world.rng)

    def _do(self, who: str, customer: Planned, act: str, inputs: Any, at: dt.datetime) -> None:
        def play(moment: dt.datetime) -> None:
            typed = inputs(moment) if callable(inputs) else inputs
            self.world.act(who, REGISTER, customer.key, act, typed, moment)

        self.timeline.add(at, play)

    def _assessment(self, at: dt.datetime) -> dict[str, Any]:
        rng = self.world.rng
        visit = at.date() + dt.timedelta(days=rng.randrange(5, 40))
        levels = ("high", "medium", "low")
        return {
            "market_potential": rng.choice(levels),
            "credit_capacity": rng.choice(levels),
            "competitiveness": rng.choice(levels),
            "development_direction": rng.choice(_DIRECTIONS),
            "plan_steps": [{"date": visit.isoformat(), "goal": "登门拜访，商定采购计划"}],
        }

    def _act(self, customer: Planned, act: str, grade: str) -> tuple[str, Any]:
        rng, world = self.world.rng, self.world
        if act == "signed":
            self.contracts += 1
            number = self.contracts
            return "archivist", lambda at: {"contract_no": f"HT-{at:%Y}-{number:03d}"}
        if act == "papers":
            return "archivist", self._papers(rng.sample(_PAPERS, 3), rng.random() < 0.3)
        if act == "transfer_owner":
            to = rng.choice([one for one in _SELLERS if one != customer.owner])
            return "sales_manager", lambda at: {
                "owner": world.access(to).id,
                "date": at.astimezone(clock.company_zone()).date(),
                "reason": "片区调整，客户移交",
            }
        fixed: dict[str, tuple[str, dict[str, Any]]] = {
            "target": (customer.owner, {}),
            "propose_grade": (customer.owner, {"grade": grade, "reason": "按近期采购金额与频率"}),
            "set_grade": (rng.choice(_MANAGERS), {"grade": grade, "reason": "综合评定"}),
            "confirm_review": (customer.owner, {}),
            "dormant": (rng.choice(_MANAGERS), {"reason": "半年以上无往来"}),
            "archived": ("dept_head", {"reason": "客户停业，资料归档"}),
        }
        return fixed[act]

    def _papers(self, papers: Sequence[tuple[str, str]], has_file: bool) -> Callable[[dt.datetime], dict[str, Any]]:
        def typed(at: dt.datetime) -> dict[str, Any]:
            day = at.astimezone(clock.company_zone()).date()
            rows: list[dict[str, Any]] = [
                {"document_class": code, "title": title, "dated_on": (day - dt.timedelta(days=n)).isoformat()}
                for n, (code, title) in enumerate(papers)
            ]
            if has_file:
                rows[0]["file"] = paper(self.world, REGISTER, "documents.file", papers[0][1], "archivist", at)
            clipping = {
                "source": "川北日报",
                "date": day.isoformat(),
                "clipping_class": "newspaper",
                "title": "企业走访报道",
            }
            return {"documents": rows, "clippings": [clipping]}

        return typed


def _spaced(phone: str) -> str:
    """Another way of writing a telephone."""
    plain = phone.replace("-", "").replace(" ", "")
    return f"{plain[:3]} {plain[3:7]} {plain[7:]}" if plain.startswith("1") else phone.replace("-", " ")


__all__ = ["plan_lives"]
