"""A hall with a roster and small works, for tests: firms taken in by spreadsheet, a local rule, an owner who signs."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from bidding.lottery import awarding, listing, rules, works
from bidding.lottery.commands import DraftWorks, FileLocalRule
from bidding.lottery.models import SmallWorks, WorksAward
from bidding.roster import importing, law, service
from bidding.roster.commands import AddManager, Exclude
from bidding.roster.deciding import exclude
from bidding.roster.lines import COLUMNS
from bidding.roster.models import RosterFirm, RosterManager
from bidding.roster.service import Evidence
from expert_pool.experts import sheet
from plugins.x509_signatures.signer import FileSigner
from tests.expert_pool.pool import id_number
from tests.helpers import make_party, make_user, valid_code
from tests.tenders import actor_for, demo_ca, signer_of
from trading import clock
from trading.acts import Actor
from trading.clock import BEIJING, database_now
from trading.parties import service as parties
from trading.parties.models import Party

PAPER = Evidence("依据.pdf", b"%PDF decision")
HEADING = list(COLUMNS.values())
FIRST = 700
"""codes of the scene's firms begin here"""


def cells(number: int, **fields: str) -> list[str]:
    """A row of the roster's spreadsheet that is right, with other cells where told."""
    values = {
        "org": valid_code(FIRST + number), "name": f"示例建设{number}公司", "trade": "市政公用", "band": "50-200",
        "licence": f"L{number}", "licence_until": "2030-12-31", "qualification": f"Q{number}",
        "qualification_until": "2030-12-31", "safety": f"S{number}", "safety_until": "2030-12-31",
        "legal_representative": f"法人{number}", "phone": f"1380000{number:04d}", "address": f"建设路{number}号",
    } | fields  # fmt: skip
    return [values.get(name, "") for name in COLUMNS]


def run_until(instant: datetime) -> None:
    """Move the hall's clock so that it is `instant` or a little later."""
    ahead = instant - (clock.now() - clock.offset())
    Path(os.environ[clock.CLOCK_FILE]).write_text(str(-int(-ahead.total_seconds() // 1)))


@dataclass
class Scene:
    """Everybody of a lottery."""

    session: Session
    registry: Any
    office: Actor
    owner: Party
    owner_actor: Actor
    signer: FileSigner

    @property
    def keys(self) -> Any:
        return self.registry["keys"]

    def today(self) -> date:
        return database_now(self.session).astimezone(BEIJING).date()

    def go(self, instant: datetime) -> None:
        """Later; the authority's revocation lists are renewed as in a hall."""
        run_until(instant)
        demo_ca(self.registry).export_trust(Path(self.registry.settings["signatures.folder"]))

    def take_in(self, rows: Sequence[list[str]]) -> list[RosterFirm]:
        plan = importing.examine(self.session, self.registry, sheet.write(HEADING, rows), binding=True)
        assert plan.faults == []
        importing.carry_out(self.session, self.keys, self.office, plan, "e" * 64, "首批入库")
        return [self.firm(number) for number in range(1, len(rows) + 1)]

    def party(self, number: int) -> Party:
        found = parties.by_code(self.session, valid_code(FIRST + number))
        assert found is not None
        return found

    def firm(self, number: int) -> RosterFirm:
        return service.of_party(self.session, self.party(number).id)[0]

    def bidder(self, number: int) -> Actor:
        party = self.party(number)
        user = make_user(self.session, "bidder", party=party, keys=self.keys)
        return actor_for(self.registry, user, party.name)

    def manager(self, number: int, place: int = 1) -> RosterManager:
        command = AddManager(name=f"经理{place}", certificate=f"粤{place:06d}", id_number=id_number(place))
        return service.add_manager(self.session, self.keys, self.office, self.party(number), command)

    def exclude(self, number: int, decision: str, since: date, until: date) -> None:
        self.exclude_org(self.party(number).uscc, decision, since, until)

    def exclude_org(
        self,
        org: str,
        decision: str = "示罚〔2026〕7号",
        since: date = date(2026, 1, 1),
        until: date = date(2030, 1, 1),
    ) -> None:
        command = Exclude(org=org, decision=decision, ground="围标串标", since=since, until=until)
        exclude(self.session, self.keys, self.office, command, PAPER)

    def local_rule(self) -> None:
        command = FileLocalRule(name="小型工程管理办法", number="示府办〔2026〕1号", since=date(2026, 1, 1))
        rules.file_rule(self.session, self.keys, self.office, command, Evidence("办法.pdf", b"the rule"))

    def draft(self, **changes: Any) -> SmallWorks:
        now = database_now(self.session)
        command = DraftWorks.model_validate(form(self.registry, now) | changes)
        return works.draft(self.session, self.registry, self.owner_actor, self.owner, False, command)

    def published(self, **changes: Any) -> SmallWorks:
        found = self.draft(**changes)
        now = database_now(self.session)
        notice = works.notice_of(self.session, self.registry, found, now)
        works.publish(self.session, self.registry, self.owner_actor, found, self.signer.sign(notice, now))
        return found

    def listed(self, **changes: Any) -> SmallWorks:
        found = self.published(**changes)
        self.go(found.declines_until)  # type: ignore[arg-type]
        listing.freeze(self.session, self.registry, self.office, found)
        return found

    def drawn(self, found: SmallWorks, orders: Mapping[str, Sequence[int | str]]) -> None:
        """The draws' results: numbers of firms in drawn order, or `K=…`."""
        for step, order in orders.items():
            ids = [valid_code(FIRST + one) if isinstance(one, int) else one for one in order]
            awarding.drawn(self.session, self.registry, found, step, ids)

    def award(self, found: SmallWorks) -> WorksAward:
        turn = awarding.current(self.session, found)
        self.go(database_now(self.session) + timedelta(days=4))
        manager = awarding.manager_of(self.session, found, turn)
        now = database_now(self.session)
        raw = awarding.award_notice(found, turn, manager.name if manager else "")
        return awarding.award(
            self.session, self.registry, self.owner_actor, found, self.signer.sign(raw, now)
        )


def form(registry: Any, now: datetime) -> dict[str, Any]:
    """A small works' form that nothing speaks against, as its owner would type it."""
    end = works.earliest_end(registry, now)
    return {
        "title": "人民路路面维修", "scope": "铣刨重铺沥青路面约三千平方米。", "place": "人民路", "days": "45",
        "trade": "municipal", "estimate": "1,800,000.00", "ceiling": "1750000", "method": "two-step",
        "finalists": "3", "declines_until": typed(end), "draw_at": typed(end),
    }  # fmt: skip


def typed(instant: datetime) -> str:
    """An instant in a field of a form."""
    return instant.astimezone(BEIJING).strftime("%Y-%m-%dT%H:%M")


def make(session: Session, registry: Any, folder: Path, patch: pytest.MonkeyPatch) -> Scene:
    patch.setenv(clock.CLOCK_FILE, str(folder / "clock"))
    law.book_of.cache_clear()
    owner = make_party(session, "示例镇人民政府", kind="public-body")
    user = make_user(session, "tenderer", party=owner, keys=registry["keys"])
    office = make_user(session, "roster-officer", keys=registry["keys"])
    return Scene(
        session, registry, actor_for(registry, office, "示例市名录办公室"), owner,
        actor_for(registry, user, owner.name), signer_of(session, registry, user),
    )  # fmt: skip


def beijing_day() -> str:
    """Today in the hall, as a form wants it."""
    return clock.now().astimezone(BEIJING).date().isoformat()
