"""Who wished to be told of an answer is told once, when content that answers it comes into use."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from functools import cache

import pytest
from bot_site import NOON, Desk, Line, Site, at_desk, texts

from bot.answered import answered, tell_answered
from bot.turns import World
from bot.wiring import voices
from dialogues.model import Voice
from storage import awaited, people
from storage.outbox import Priority

QUESTION = "zzyqx kwqzv vromblq"
"""No words of any language: nothing is ever found for it."""
ID, OTHER = "paper-cranes", "other-cranes"


@cache
def with_answer() -> Mapping[str, Voice]:
    """The content of today, and one answer more."""
    content = voices()["en"].content
    some = next(iter(content.answers.values()))
    asked = (QUESTION, "vromblq of zzyqx", "kwqzv zzyqx", "vromblq kwqzv for me", "zzyqx for vromblq")
    more = replace(some, id=ID, title="Who feeds the paper cranes?", asked_as=asked, keywords=("zzyqx",))
    words = ("florpian quuvle wobnart", "florpian wobnart", "wobnart of florpian", "quuvle for me", "quuvle wobnart")
    other = replace(some, id=OTHER, title="And the others?", asked_as=words, keywords=("florpian",))
    # Fewer answers, so that the finder is built fast.
    few = {one.id: one for one in list(content.answers.values())[:30]}
    return {"en": Voice.of(replace(content, answers={**few, ID: more, OTHER: other}))}


def upgraded(world: World) -> World:
    return replace(world, voices=with_answer())


async def wishes(desk: Desk, who: str = "officer") -> None:
    said = await desk.says(who, QUESTION)
    assert [choice.label for say in said for choice in say.choices if choice.key == "await"]
    said = await desk.says(who, "[await]")
    assert "once" in texts(said)


async def renewed(desk: Desk) -> None:
    """As after a reload that was taken."""
    desk.app.renew(upgraded(desk.app.world))
    await desk.app.look_again()
    await desk.later(timedelta())


async def test_told_once_with_a_button_that_opens_the_answer(desk: Desk) -> None:
    await wishes(desk)
    await renewed(desk)
    (said,) = desk.news("officer")
    assert "Who feeds the paper cranes?" in said.text
    assert QUESTION not in said.text
    (button,) = said.choices
    assert (button.key, button.lasting) == (f"ask.id.{ID}", True)
    assert "Who feeds the paper cranes?" in texts(await desk.opens("officer", button.key))
    await renewed(desk)
    assert desk.news("officer") == []
    assert desk.site.rows("awaited") == []


async def test_two_that_are_answered_at_once_have_a_button_each(desk: Desk) -> None:
    await wishes(desk)
    await desk.says("officer", "florpian quuvle wobnart", "[await]")
    await renewed(desk)
    (said,) = desk.news("officer")
    assert {choice.key for choice in said.choices} == {f"ask.id.{ID}", f"ask.id.{OTHER}"}
    assert len({choice.label for choice in said.choices}) == 2


async def test_nobody_else_is_told(desk: Desk) -> None:
    await wishes(desk)
    await desk.says("mentor", QUESTION)
    await renewed(desk)
    assert desk.news("mentor") == []
    assert desk.news("coordinator") == []


async def test_with_the_same_content_nobody_is_told_and_the_wish_stays(desk: Desk) -> None:
    await wishes(desk)
    await desk.app.look_again()
    await desk.later(timedelta())
    assert desk.news("officer") == []
    assert len(desk.site.rows("awaited")) == 1


async def test_told_after_a_start_with_new_content(site: Site) -> None:
    async with at_desk(site) as desk:
        await wishes(desk)
    site.restart()
    desk = Desk(site, prefix="1")
    desk.app.renew(upgraded(desk.app.world))
    await desk.app.start()
    await desk.later(timedelta())
    assert "answer now" in texts(desk.news("officer"))
    await desk.app.stop()


async def test_an_answer_that_was_there_when_it_was_wished_for_is_not_told(desk: Desk, site: Site) -> None:
    """Screened, a question may fit an answer that it did not fit as it was typed."""
    address = site.within(lambda tx: tx.keyring.address_ref("console", "officer"))
    known = "what is consent"
    id = answered(desk.app.world.voices["en"], known)
    assert id
    until = NOON + timedelta(days=1)
    site.within(lambda tx: awaited.keep(tx, "ab" * 16, address, language="en", question=known, known=id, until=until))
    await desk.app.look_again()
    await desk.later(timedelta())
    assert desk.news("officer") == []


async def test_a_wish_that_was_taken_back_is_not_told(desk: Desk) -> None:
    said = await desk.says("officer", QUESTION, "[await]")
    key = next(choice.key for say in said for choice in say.choices if choice.key.startswith("ask.forget."))
    await desk.opens("mentor", key)
    assert len(desk.site.rows("awaited")) == 1, "somebody else's button takes nothing back"
    for _ in range(2):
        assert "no wish" in texts(await desk.opens("officer", key))
    await renewed(desk)
    assert desk.news("officer") == []


async def test_an_old_button_explains_itself_and_wishes_nothing(desk: Desk) -> None:
    await desk.says("officer", QUESTION, "what is consent")
    await desk.says("officer", "[await]")
    assert desk.site.rows("awaited") == []
    assert "AwaitAnswer" not in desk.effects


async def test_out_of_date_it_is_not_told_and_the_hourly_sweep_takes_it_away(desk: Desk) -> None:
    await wishes(desk)
    await desk.later(timedelta(days=91))
    desk.news("officer")
    assert desk.site.rows("awaited") == []
    await renewed(desk)
    assert desk.news("officer") == []


async def test_whose_access_ended_is_not_told(desk: Desk, site: Site) -> None:
    await wishes(desk)
    who = site.within(lambda tx: people.at_address(tx, "console", "officer"))
    assert who is not None
    site.within(lambda tx: people.revoke(tx, who, at=NOON))
    assert site.rows("awaited") == []
    await renewed(desk)
    assert desk.news("officer") == []


async def test_who_cannot_be_reached_is_told_later(desk: Desk, site: Site) -> None:
    await wishes(desk)
    site.within(lambda tx: tx.db.exec_driver_sql("UPDATE addresses SET unreachable_since = 1"))
    await renewed(desk)
    assert len(site.rows("awaited")) == 1
    site.within(lambda tx: tx.db.exec_driver_sql("UPDATE addresses SET unreachable_since = NULL"))
    await renewed(desk)
    assert "answer now" in texts(desk.news("officer"))


async def test_it_waits_behind_what_is_more_urgent(desk: Desk, site: Site) -> None:
    await wishes(desk)
    desk.app.renew(upgraded(desk.app.world))
    await desk.app.look_again()
    (queued,) = site.within(lambda tx: tell_answered(tx, desk.app.world, "", NOON))
    assert queued.say is not None
    assert [row[0] for row in site.rows("outbox", "priority")] == [int(Priority.REMINDER)]


async def test_more_than_one_transaction_holds_are_all_told(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    for who in ("officer", "mentor", "prison"):
        await wishes(desk, who)
    monkeypatch.setattr(awaited, "AT_ONCE", 1)
    await renewed(desk)
    for who in ("officer", "mentor", "prison"):
        assert "answer now" in texts(desk.news(who))


async def test_on_telegram_it_comes_with_its_button(line: Line) -> None:
    robin = line.staff(1001, "officer", "PO-9")
    robin.writes(QUESTION)
    await robin.hears("I do not know that")
    robin.presses("Tell me when this is answered")
    await robin.hears("I will tell you here, once")
    await line.settled()
    line.app.renew(upgraded(line.app.world))
    await line.app.look_again()
    await line.later(timedelta())
    await robin.hears("There is an approved answer now")
    robin.presses("Who feeds the paper cranes?")
    await robin.hears("Words you can use")
    await line.settled()
