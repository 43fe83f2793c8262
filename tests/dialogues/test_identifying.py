"""What is warned about in a note, and what is not. All people here are made up."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialogues.identifying import identifying

# Written before the rules, as notes are written: in haste, on a phone. Nobody in them can be told.
CLEAN = [
    "At visit yesterday C-17 said that he is done with the group.",
    "He refused food this morning. Told me he wants to see the imam.",
    "AB-1234-P shouted at two men in the yard. No injuries.",
    "Met him at the Probation Office on Monday. He was calm.",
    "His brother came to the visit. They argued about money.",
    "He asked for a Bible and a Quran. Chaplain informed.",
    "Spoke with the Duty Manager. She will call the coordinator.",
    "The Red Cross course starts in January.",
    "C-17 moved from Wing B to Wing D on Friday.",
    "He has a new tattoo on his left arm. Looked like a number.",
    "In the Gym he told others not to work with staff.",
    "HE SAID HE WILL NOT COME BACK. VERY ANGRY.",
    "Case KS/00123: mother worried, he sleeps all day.",
    "Called 112 at 14:35, police came at 14:50.",
    "He said: I want to go home. Then he cried.",
    "Officer on shift saw it too. See log 2026-11-20.",
    "Group of six in cell 214, door shut, stopped talking when I came in.",
    "He plays a lot of Call of Duty with a friend.",
    "Lost his job at the warehouse. Rent not paid for 2 months.",
    "He likes the work in the kitchen. No change since last week.",
    "Saw a flag in his cell. Took a photo for the Security Department.",
    "He wants to travel to Syria with a friend, says it is holy land.",
    "He talked about the war in Ukraine for an hour. Very upset.",
    "Told Mentor that he has no more contact.",
    "Good talk. He said thank you. Next meeting 27.11. at 15:00.",
    "Social worker from the Job Centre will help with the form.",
    "He watched a video of an attack again and again on Telegram.",
    "School called: he has not been there since Tuesday.",
    "Two visitors, both new. They gave no names.",
    "He called me a traitor. I left the room.",
    "Last Sunday he went to church with his aunt.",
    "The Youth Welfare Office knows. They visit on Wednesday.",
    "He threw a chair. Nobody hurt. Alarm 15.20, over at 15.25.",
    "Release is on 3 March. Flat is not found yet.",
    "I asked what he reads. He said Mein Kampf and laughed.",
    "Was told by the Prison Governor to write this down.",
    "He said Allahu Akbar when the news came. Others laughed.",
    "He was named as a leader by other prisoners.",
    "Called his lawyer twice today.",
    "New Year party in the centre, he came and stayed until 11 pm.",
    "He is on the EXIT Programme, week 3. Psychologist says go on.",
    "Risk: he has 3 phones. Seen by night staff.",
    "Man in cell 12 gave him a letter. White Power sticker on it.",
    "We spoke about Islamic State videos. He says they are fake.",
    "Mood low. Eats little. Doctor asked.",
    "He sent 20 messages in 10 minutes to the group chat.",
    "His sister is called to the school again.",
    "Balance of prison account 1204.50 euro, strange.",
    "Football on Saturday with the Community Centre team. All good.",
    "He knows someone in Berlin. Wants to go to Munich.",
    "He refused the drug test. Result of last one: negative.",
    "Family day: father, mother, Uncle and two children. Calm.",
    "Talk with Probation. Condition 4 is not kept.",
    "Search of cell 3: one phone, SIM card, 2 USB sticks.",
    "I am worried. He gave away his books and his watch.",
    "He says that the Jews rule the world. I said I disagree.",
    "Black eye, says he fell in the shower. Nurse told.",
    "Wrote a letter to the Ministry of Justice about his transfer.",
    "They met near Central Station and walked to the park.",
    "Dear Coordinator, this is about AB-1234-P. He did not come today.",
    "He asked the Imam about the Friday Prayer.",
    "After Ramadan he stopped coming. Before that each Monday.",
    "Tower Block fire drill at 10. He stayed in bed.",
    "He is in the Anger Management group with C-21 and C-30.",
    # Written after the rules, with as many capitals as such notes ever have.
    "Found him alone in the Multi Faith Room after count.",
    "He mentioned Hells Angels twice in the session.",
    "Escorted to Health Care at 09:15, back 10:40.",
    "Refuses to share cell with C-8. Says C-8 is a kafir.",
    "Parole Board hearing moved to 14 January.",
    "He wore a Thor's Hammer necklace today",
    "Spent the Sunday in bed, did not eat",
    "The Salvation Army gave him clothes",
    "told me Jesus saved him",
    "I went with him to the Jobcentre Plus in town",
    "Found drawings of a swastika in Maths class",
    "Police Sergeant took the phone away.",
    "Key Worker session done, 45 min, low mood",
    "He supports Blood and Honour, says openly",
    "His dad lost his job at Volkswagen",
    "He says Hizb ut-Tahrir is right about all",
    "Tag battery empty 0200-0600, says charger broken",
    "Meeting at Town Hall cancelled",
    "In Arabic class he calls others infidels",
    "Probation: 2 missed appointments 03.11 and 10.11",
    "he turned 18 last week and moved out",
    "OASys due, do with Senior Probation Officer",
    "Bought a knife on Amazon, he says for cooking",
    "Cell 3-12, smell of smoke, 22:10-22:25",
    "his solicitor, the one from Legal Aid, asked for the file",
    "Fight over PlayStation, no weapons",
    "Was on Wing C when the Governor came",
    "Friend of his got stabbed in South London",
    "Mum rang, he has not slept since Ramadan started",
    "Wants to change name to Abu something",
    "Visit by Embassy of France, consul friendly",
    "phoned 3 times, no answer 08.00-09.30",
    "Order of 500 euros from bank, odd",
    "He is in Year 10 and skips Maths",
    "Victim Support offered help, he laughed",
    "Sent him to Accident and Emergency at St Mary",
]

IDENTIFYING = [
    ("Mario Rossi shouted at me in the yard.", "name"),
    ("He met Mario Rossi at the gym.", "name"),
    ("his brother Luca came to the visit", "name"),
    ("a man named Omar gave him a phone", "name"),
    ("Someone called Jane was with him.", "name"),
    ("Mr Smith from wing B saw it.", "name"),
    ("Mrs. Doe, his teacher, is worried", "name"),
    ("I spoke to Herr Müller today", "name"),
    ("His wife Anna told me everything.", "name"),
    ("Dr. Nowak gave him pills", "name"),
    ("spoke to jane doe's mother, Maria Doe", "name"),
    ("He said that José García sold it to him.", "name"),
    ("With him was Giorgos Papadopoulos again.", "name"),
    ("Είδα τον Γιώργο Παπαδόπουλο στην αυλή", "name"),
    ("сегодня пришёл Иван Петров", "name"),
    ("Seen together with Ali Hassan and two others", "name"),
    ("his name is Peter", "name"),
    ("My name is Jane Doe and I work here", "name"),
    ("Frau Schmidt from school rang", "name"),
    ("He wants to marry Sofia Bianchi in May.", "name"),
    ("the cousin Ahmed has a car", "name"),
    ("I think that Jean-Pierre Dupont is behind it", "name"),
    ("contact: Anna O'Brien", "name"),
    ("Officer Jones was hit", "name"),
    ("He and Łukasz Kowalski fought.", "name"),
    ("Prisoner Mario Rossi refused work.", "name"),
    ("Yesterday John Smith came late", "name"),
    ("Visitor was Fatima al-Masri, his aunt.", "name"),
    ("he goes by the name of Joker", "name"),
    ("brother-in-law Karim drives him", "name"),
    ("Signora Bianchi called in", "name"),
    ("Monsieur Dupont will not come", "name"),
    ("He got a letter from Erik Johansson.", "name"),
    ("his friend Max was drunk", "name"),
    ("son of Maria Lopez", "name"),
    ("ROSSI Mario is angry", "name"),
    ("Rossi, Mario: refused food", "name"),
    ("Ms Ivanova did not open the door", "name"),
    ("met with Mr. van der Berg", "name"),
    ("his sister's name is Elena", "name"),
    ("his number is +49 151 23456789", "phone"),
    ("call her on 0151 2345 6789", "phone"),
    ("tel 030/1234567 mother", "phone"),
    ("ring 07700 900123 after six", "phone"),
    ("(020) 7946 0958 is the aunt", "phone"),
    ("phone 06912345678", "phone"),
    ("he wrote from mario.rossi@example.org", "email"),
    ("mail: jane_doe+x@mail.example.com please", "email"),
    ("he posts as @lonewolf_88 on telegram", "handle"),
    ("his insta is @mario.r", "handle"),
    ("t.me/joker_channel is his", "handle"),
    ("born 12/03/1998 in the city", "birth"),
    ("DOB 4.5.2001", "birth"),
    ("date of birth: 1999-12-01", "birth"),
    ("he was born on 3 March 1995", "birth"),
    ("* 14.02.1987, single", "birth"),
    ("lives at 12 Baker Street", "address"),
    ("moved to Hauptstraße 15", "address"),
    ("address Via Roma 3, second floor", "address"),
    ("now at 221 Oak Avenue with his aunt", "address"),
    ("rue de la Paix 10, third door", "address"),
    ("at Bahnhofstr. 7 since may", "address"),
    ("prisoner no. A1234BC", "number"),
    ("passport C01X00T47", "number"),
    ("ID number 8412095678", "number"),
    ("his tax code is RSSMRA85T10A562S", "number"),
    ("insurance number QQ 12 34 56 C", "number"),
    ("plate B-MR 1234 parked outside", "number"),
    # Written after the rules.
    ("Zdravko Nepoznat hit the door for an hour", "name"),
    ("wing cleaner Tariq told me about it", "name"),
    ("the boy's surname is Weber", "name"),
    ("talked w/ luca bianchi after lunch", "name"),
    ("Mr Nowak's son was there", "name"),
    ("I saw Erkan Yildiz pass something to C-4", "name"),
    ("Her partner Stelios is back", "name"),
    ("Uncle Reza picks him up", "name"),
    ("he calls himself Abu Musab", "name"),
    ("names: Doe, Rossi and Petrov", "name"),
    ("Petra Novotná from school phoned", "name"),
    ("ask Mrs Okafor next door", "name"),
    ("with D. Petrovic at the mosque", "name"),
    ("MARIO ROSSI ON REPORT", "name"),
    ("brought by his ex, Nadia", "name"),
    ("call mum 07911 123456", "phone"),
    ("+33 6 12 34 56 78 is his new one", "phone"),
    ("mobile is 0048 601 234 567", "phone"),
    ("0171-5551234", "phone"),
    ("number 6912345678 greek sim", "number"),
    ("j.doe@mail.example", "email"),
    ("write to rossi.m+home@sub.example.co.uk", "email"),
    ("follow @real_patriot1488", "handle"),
    ("his channel t.me/brothers_x", "handle"),
    ("DOB: 01.01.1990", "birth"),
    ("born on the 5th of May 2003", "birth"),
    ("birthday 12-08-1985", "birth"),
    ("born 1998-04-02", "birth"),
    ("stays at 45 Church Road, top bell", "address"),
    ("flat in Lindenallee 8", "address"),
    ("Calle de Alcalá 12", "address"),
    ("lives ul. Długa 5", "address"),
    ("7 mill lane", "address"),
    ("Kungsgatan 12, Malmö", "address"),
    ("passport no. X1234567", "number"),
    ("ID card 123456789", "number"),
    ("inmate number 88123-A", "number"),
    ("IBAN DE12 5001 0517 0648 4898 90", "number"),
    ("NI number QQ123456C", "number"),
    ("licence plate WOB ZK 295", "number"),
]


def spans(note: str) -> list[str]:
    return [note[f.start : f.end] for f in identifying(note)]


def test_clean_notes_are_hardly_ever_warned_about() -> None:
    warned = [note for note in CLEAN if identifying(note)]

    assert len(CLEAN) >= 60
    assert len(warned) <= 3, warned


def test_most_identifying_notes_are_found() -> None:
    missed = [note for note, kind in IDENTIFYING if kind not in {f.kind for f in identifying(note)}]

    assert len(IDENTIFYING) >= 60
    assert len(missed) <= len(IDENTIFYING) // 10, missed


def test_findings_stand_where_the_person_is_named() -> None:
    assert spans("He met Mario Rossi, born 12/03/1998, at 12 Baker Street; +49 151 23456789.") == [
        "Mario Rossi",
        "born 12/03/1998",
        "12 Baker Street",
        "+49 151 23456789",
    ]
    assert spans("I spoke to Herr Müller and to D. Petrovic") == ["Müller", "D. Petrovic"]
    assert spans("mail mario.rossi@example.org or @mario_r") == ["mario.rossi@example.org", "@mario_r"]


def test_a_finding_carries_no_text() -> None:
    assert repr(identifying("his brother Luca")) == "(Finding(kind='name', start=12, end=16),)"


@pytest.mark.parametrize("code", ["C-17", "AB-1234-P", "KS/00123", "prisoner AB-1234-P", "ID C-17", "Prisoner C-17"])
def test_case_codes_are_what_should_be_written_instead(code: str) -> None:
    assert identifying(f"Today {code} was calm.") == ()


@pytest.mark.parametrize(
    "when",
    ["2026-11-20 14:30", "01.02.2026 14:00", "0800-1200", "09.30-10.15", "03.11. and 10.11.", "12/3 15:00"],
)
def test_dates_and_times_are_no_phone_numbers(when: str) -> None:
    assert identifying(f"He was away {when} and came back.") == ()


@given(st.text(max_size=4096))
def test_any_text_gives_ordered_findings_inside_it(text: str) -> None:
    found = identifying(text)

    ends = [0, *(f.end for f in found)]
    assert all(end <= f.start < f.end <= len(text) for f, end in zip(found, ends, strict=False))


@pytest.mark.parametrize(
    "part", ["a", "1", "1 ", "Aa ", "A. ", "Aa-", "a@", "@a.", "+1-", "12 Aa Aa ", "a.b@", "A1 ", "d'"]
)
def test_the_longest_message_takes_a_moment_whatever_is_in_it(part: str) -> None:
    text = part * (4096 // len(part))
    began = time.perf_counter()

    identifying(text)

    assert time.perf_counter() - began < 1.0
