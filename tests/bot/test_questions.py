"""What is kept of a question that was not answered, over the real store: its theme, and nothing of who asked."""

from dataclasses import replace
from datetime import timedelta

from bot_site import Desk, Site
from sqlalchemy import select

from bot.trial import AGENCY
from storage import gaps, people, retention
from storage.gaps import Theme
from storage.reseal import COLUMNS
from storage.transaction import Transaction

CANARY = "Zebrafinch"
QUESTION = "zzyqx kwqzv vromblq"
"""No words of any language: nothing is ever found for it."""


def themes(site: Site) -> list[Theme]:
    return site.within(lambda tx: gaps.of_agency(tx, tx.keyring.agency_ref(AGENCY)))


async def test_a_refused_question_is_kept_without_who_asked(desk: Desk, site: Site) -> None:
    await desk.says("officer", QUESTION)
    (theme,) = themes(site)
    assert theme.texts == (QUESTION,)
    assert theme.why == {"refused": 1}
    assert not theme.asked_by(2)


async def test_several_people_make_a_theme(desk: Desk, site: Site) -> None:
    for number in range(8):
        site.enrol("console", f"one-{number}", "officer", f"PO-{number}")
        await desk.says(f"one-{number}", QUESTION)
    (theme,) = themes(site)
    assert theme.asked_by(3)
    assert theme.marks == {}


async def test_an_answer_that_did_not_help_and_none_of_those_offered_are_kept_too(desk: Desk, site: Site) -> None:
    await desk.says("officer", "what is consent", "[not-helpful]")
    assert [one.why for one in themes(site)] == [{"not-helpful": 1}]


async def test_a_name_is_masked_before_anything_is_kept(desk: Desk, site: Site) -> None:
    await desk.says("officer", f"zzyqx kwqzv vromblq for Mr {CANARY} today")
    (theme,) = themes(site)
    assert theme.texts == ("zzyqx kwqzv vromblq for Mr … today",)


async def test_the_daily_look_lets_it_go_when_its_days_are_over(desk: Desk, site: Site) -> None:
    await desk.says("officer", QUESTION)
    await desk.later(timedelta(days=89))
    assert len(themes(site)) == 1
    await desk.later(timedelta(days=2))
    assert themes(site) == []
    assert site.rows("timers", "kind").count((retention.LOOK,)) == 1


async def test_where_it_is_switched_off_what_is_there_goes_and_nothing_comes(desk: Desk, site: Site) -> None:
    await desk.says("officer", QUESTION, "[await]")
    assert (len(site.rows("gaps")), len(site.rows("awaited"))) == (1, 1)
    desk.app.renew(replace(desk.app.world, question_days=0))
    await desk.later(timedelta(days=1))
    assert (site.rows("gaps"), site.rows("awaited")) == ([], [])
    said = await desk.says("officer", QUESTION)
    assert "await" not in [choice.key for say in said for choice in say.choices]
    assert site.rows("gaps") == []


async def test_no_sealed_column_names_the_person_beside_the_question(desk: Desk, site: Site) -> None:
    """Once the chat moved on, its words open in their theme alone, and nothing there is of the person."""
    await desk.says("officer", QUESTION)
    assert set(columns_with(site, "kwqzv")) == {"gaps.sealed_theme", "conversations.sealed_state"}
    await desk.says("officer", "what is consent", "/menu")
    assert set(columns_with(site, "kwqzv")) == {"gaps.sealed_theme"}
    ref = site.within(lambda tx: people.at_address(tx, "console", "officer"))
    assert ref is not None
    assert "gaps.sealed_theme" not in columns_with(site, ref.hex())
    assert "gaps.sealed_theme" not in columns_with(site, "PO-17")


def columns_with(site: Site, words: str) -> list[str]:
    """Every sealed column in which these words stand, opened with the keys."""

    def read(tx: Transaction) -> list[str]:
        found = []
        for one in COLUMNS:
            readable = [column for column in one.table.c if column.name != "body"]
            for row in tx.db.execute(select(*readable)).all():
                sealed = getattr(row, one.column)
                if sealed is not None and words.encode() in tx.keyring.open(one.label, one.place(row), sealed):
                    found.append(f"{one.table.name}.{one.column}")
        return found

    return site.within(read)
