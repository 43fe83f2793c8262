"""A whole job over Telegram, full of canaries that must stand neither in logs nor in metrics."""

from bot_site import Line

CANARY = "Zebrafinch quartz"
HANDLE = "PO-Wombat-77"
COORDINATOR = "Coord-Lyrebird-9"
CASE = "AB-1234-P"
CHATS = ("7300412345", "7300412399")
HIDDEN = (CANARY, "Zebrafinch", "quartz", HANDLE, COORDINATOR, "Wombat", "Lyrebird", CASE, "Northbridge")


async def drives_a_whole_job(line: Line) -> None:
    """Enrolment, a question, a flagged note, and its coordinator."""
    coordinator = line.staff(int(CHATS[1]), "coordinator", COORDINATOR)
    robin = line.telegram.person(int(CHATS[0]), first_name=CANARY)
    robin.starts(line.site.invite("officer"))
    await robin.hears("Which language")
    robin.presses("English")
    await robin.hears("Rules of use")
    robin.presses("I accept")
    await robin.hears("work handle")
    robin.writes(HANDLE)
    await robin.hears("What do you need?")
    robin.writes("do i need consent to share info")
    await robin.hears("Source:")
    robin.writes("/menu")
    await robin.hears("What do you need?")
    robin.presses("Quick note (3 taps)")
    await robin.hears("What happened?")
    robin.writes(f"{CASE} said {CANARY} in the yard.")
    await robin.hears("1 in this part")
    robin.presses("Flag: today")
    await robin.hears("This will be sealed")
    robin.presses("✔ Log it")
    await robin.hears("Reference ")
    await coordinator.hears("A flag waits")
    await line.settled()
