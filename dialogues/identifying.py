"""What in a note may tell who somebody is. It only warns; the person decides.

Rules of thumb, tuned to stay silent rather than to cry wolf: a warning that is mostly wrong is soon ignored.
Not found are a single unlisted name without a title, a family word or "called" before it; names of two words
of which one is also an everyday word, an agency's or a town's; and what tells somebody without naming them
("the baker's son"). Public persons and bands are taken for people like any other.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Literal

Kind = Literal["name", "phone", "email", "handle", "birth", "address", "number"]


@dataclass(frozen=True, slots=True)
class Finding:
    """A place in the text, never the text itself.

    Attributes:
        kind: what it looks like; "birth" is a date of birth, "number" one of a document or an account.
        start: index of the first character, as Python counts.
        end: index after the last.
    """

    kind: Kind
    start: int
    end: int


def identifying(text: str) -> tuple[Finding, ...]:
    """What looks like a name, phone number, e-mail, handle, date of birth, street or number of a document.

    Args:
        text: English running text; names also with accents, in Greek and in Cyrillic letters.

    Returns:
        Findings in the order of the text; none overlaps another.
    """
    found: list[Finding] = []
    for kind, finder in _FINDERS.items():
        for start, end in finder(text):
            if all(end <= other.start or other.end <= start for other in found):
                found.append(Finding(kind, start, end))
    return tuple(sorted(found, key=lambda finding: finding.start))


_Span = tuple[int, int]

_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@\w[\w-]{0,62}(?:\.\w[\w-]{0,62}){1,5}")
_HANDLE = re.compile(
    r"(?<![\w@.])@[^\W\d]\w{2,31}(?:\.\w{1,32}){0,3}"
    r"|\b(?:t\.me|(?:instagram|facebook|tiktok|twitter|x|vk|snapchat|youtube)\.com)/[\w@./-]{2,64}",
    re.IGNORECASE,
)

_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\.?"
_DATE = (
    r"(?:\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\d{4}-\d\d-\d\d"
    rf"|\d{{1,2}}(?:st|nd|rd|th)? (?:of )?{_MONTH},? \d{{4}}|{_MONTH} \d{{1,2}},? \d{{4}})"
)
_BIRTH = re.compile(
    r"(?:\b(?:born|dob|d\.o\.b\.|date of birth|birth ?day|birth ?date)\b[ :,]{0,3}(?:is|was|on|the|[ :]){0,4}|\* ?)"
    + _DATE,
    re.IGNORECASE,
)

_WAY = r"(?:street|st|road|rd|avenue|ave|lane|drive|close|court|square|terrace|crescent|gardens|boulevard)"
_CAPITALISED = r"[^\W\d_a-z][\w'.-]{1,30}"
_ADDRESS = re.compile(
    rf"\b\d{{1,4}}[a-z]?,? (?:{_CAPITALISED} ){{1,3}}(?i:{_WAY})\b"
    r"|\b\d{1,4} (?!(?:the|on|in|down|up|my|his|her|this|that|of|off|across|along)\b)[a-z]{3,30} "
    r"(?:street|road|avenue|lane)\b"
    rf"|\b{_CAPITALISED} (?i:street|road|avenue|lane) \d{{1,4}}\b"
    r"|(?<![\w-])[^\W\d_]{2,40}"
    r"(?:straße|strasse|str\.|gasse|platz|allee|laan|straat|gatan|gade|vej|weg) ?\d{1,4}\b"
    r"|\b(?i:via|viale|piazza|corso|rue|quai|calle|avenida|rua|ulica|ulitsa|οδός|οδού|улица|ул\.|ul\.) "
    r"(?:(?:de|del|della|di|des|du|la|las|los|da|do) ){0,2}"
    rf"[^\W\d_][\w'.-]{{1,30}}(?: {_CAPITALISED}){{0,2}},? \d{{1,4}}\b"
)

_NUMBERED = re.compile(
    r"\b(?:id|passport|identity card|prisoner|inmate|insurance|social security|tax|account"
    r"|(?P<car>plate|licen[cs]e|registration))\b"
    r"(?:[ :#]{1,2}(?:card|no|nr|number|code|plate|is|was)\b\.?){0,3}[ :#]{1,2}(?=[A-Za-z0-9])",
    re.IGNORECASE,
)
_VALUE = re.compile(r"[A-Z0-9][A-Z0-9-]{0,20}(?: (?=[A-Z0-9-]{0,5}\d|[A-Z]{1,3}\b)[A-Z0-9-]{1,6}){0,5}(?!\w|[.,]\d)")
_CASE_CODE = re.compile(r"[A-Z]{1,3}[-/ ]?\d{1,6}(?:-[A-Z0-9])?")
_DOCUMENT = re.compile(
    r"\b(?:[A-Z]{6}\d\d[A-Z]\d\d[A-Z]\d{3}[A-Z]"  # Italian tax code
    r"|[A-Z]{2}\d\d(?: ?[A-Z0-9]{4}){3,7}"  # bank account, IBAN
    r"|[A-Z]{2} ?\d\d ?\d\d ?\d\d ?[A-D]"  # British insurance number
    r"|[1-9]\d{8,17})\b"
)

_PHONE = re.compile(r"(?<![\w/.:+-])(?:\+|\()?\d[\d ()/.-]{5,22}\d(?![\w:])")
_TIME_OR_DATE = re.compile(
    r"\d{1,2}[./-]\d{1,2}[./-](?:\d{4}|\d\d)\b|\d{4}-\d\d-\d\d|\d{3,4} ?- ?\d{3,4}$|\d{1,2}\.\d\d ?-"
)
_BEFORE_PHONE = re.compile(
    r"\b(?:phone|tel|telephone|mobile|cell|whatsapp|call|ring|text)\b[^\d\n]{0,12}$", re.IGNORECASE
)


def _matches(pattern: re.Pattern[str], text: str) -> Iterator[_Span]:
    for match in pattern.finditer(text):
        yield match.span()


def _numbers(text: str) -> Iterator[_Span]:
    for words in _NUMBERED.finditer(text):
        value = _VALUE.match(text, words.end())
        fewest = 3 if words["car"] else 4
        if value and sum(map(str.isdigit, value[0])) >= fewest and not _CASE_CODE.fullmatch(value[0]):
            yield value.span()
    yield from _matches(_DOCUMENT, text)


def _phones(text: str) -> Iterator[_Span]:
    for match in _PHONE.finditer(text):
        digits = sum(map(str.isdigit, match[0]))
        before = text[max(0, match.start() - 24) : match.start()]
        announced = match[0].startswith(("+", "0", "(")) or _BEFORE_PHONE.search(before)
        if 8 <= digits <= 15 and announced and not _TIME_OR_DATE.match(match[0]):
            yield match.span()


# Names ------------------------------------------------------------------------------------------

_WORD = re.compile(r"(?:(?:al|el|abu|bin|ibn|d|l)['’-])?[^\W\d_]+(?:['’-][^\W\d_]+)*")
_SENTENCE_END = re.compile(r"(?:^|[.!?…:\n]|[-–•*]\s)[\s\"'“„«(]*$")
_INTRODUCED = re.compile(
    r"(?:\b(?:named|called|calls (?:him|her)self|nicknamed|alias|aka|known as|goes by(?: the name(?: of)?)?|names:|"
    r"name(?:'s|’s| is| was|:)|surname(?: is|:)?|first name(?: is|:)?))\s+[\"'“„«]?$",
    re.IGNORECASE,
)


def _listed(words: str) -> frozenset[str]:
    return frozenset(words.split())


_PARTICLES = _listed(
    """
    van von der den de la di da del della dos du bin ibn al el ter ten zu
    """
)
_TITLES = _listed(
    """
    sgt pc insp capt mr mrs ms miss mx dr prof sir madam herr frau signor signora signore sig monsieur madame mme mlle
    señor señora senor senora sr sra senhor senhora pan pani gospodin kyrios kyria κύριος κυρία κ κα
    господин госпожа
    """
)
_ROLES = _listed(
    """
    officer prisoner inmate detainee nurse doctor judge detective sergeant constable inspector captain
    imam pastor sheikh teacher lawyer client subject neighbour neighbor
    """
)
_KIN = _listed(
    """
    brother sister mother father mum mom dad wife husband son daughter cousin uncle aunt friend girlfriend
    boyfriend fiancé fiancée partner nephew niece neighbour neighbor cellmate flatmate roommate mate
    stepfather stepmother stepbrother stepsister grandfather grandmother grandson brother-in-law
    sister-in-law father-in-law mother-in-law son-in-law classmate colleague boss ex
    """
)
_SAINTS = _listed("st saint san santa")
_BEFORE_AN_INITIAL = _listed("with by to from and of for met saw told about")
# Capitalised without being anybody: none of these is ever part of a name here.
_EVERYDAY = _listed(
    """
    monday tuesday wednesday thursday friday saturday sunday january february march april may june july
    august september october november december christmas easter ramadan eid hanukkah new year old red
    white black blue green yellow north south east west northern southern eastern western central upper
    lower great saint prison prisons probation police court courts office officer officers service
    services department ministry justice interior security social welfare youth health mental job centre
    center community hospital clinic school college university academy library church mosque synagogue
    temple chapel station park square street road avenue lane bridge market hall tower block wing unit
    cell yard gym kitchen workshop visit visits room house home hostel shelter club team group programme
    program project course training management manager anger duty deputy senior junior chief head governor
    director coordinator mentor mentors supervisor admin administrator chaplain imam rabbi priest pastor
    bishop sheikh doctor nurse psychologist psychiatrist therapist teacher lawyer judge prosecutor
    detective inspector sergeant constable worker staff guard warden caseworker counsellor counselor
    psychology education employment housing council city town county state states federal national
    international european union commission agency board committee network foundation association
    federation league party front movement army legion brigade division cross crescent aid support care
    exit risk assessment panel meeting conference plan report note form case file code log step guide
    family mother father mum mom dad brother sister uncle aunt cousin grandma grandpa son daughter wife
    husband friend friends victim witness suspect prisoner inmate client person people man woman boy girl
    kids children god lord allah prophet jesus christ mohammed muhammad bible quran koran torah islam
    islamic islamist islamism christian christians christianity catholic orthodox protestant jewish jews
    jew judaism muslim muslims sunni shia salafi salafist hindu buddhist sikh nazi nazis neo hitler
    fascist antifa communist anarchist jihad jihadist jihadi sharia caliphate isis daesh qaida qaeda
    taliban hamas hezbollah power pride aryan reich mein kampf allahu akbar inshallah mashallah
    hamdulillah salam alaikum assalamu wa prayer prayers holy war land world cup champions telegram
    whatsapp facebook instagram tiktok youtube snapchat signal discord google netflix twitter playstation
    xbox iphone android samsung apple windows microsoft call internet web dark net tv radio news day night
    week month english german french italian spanish portuguese dutch polish czech slovak hungarian
    romanian bulgarian greek turkish russian ukrainian serbian croatian bosnian albanian kosovan swedish
    danish norwegian finnish arabic arab syrian iraqi iranian afghan pakistani moroccan tunisian algerian
    egyptian somali chechen kurdish british irish scottish welsh american african asian germany france
    italy spain portugal netherlands belgium luxembourg austria switzerland poland czechia republic
    slovakia hungary romania bulgaria greece cyprus malta turkey russia ukraine serbia croatia bosnia
    herzegovina slovenia albania kosovo macedonia montenegro sweden denmark norway finland iceland estonia
    latvia lithuania ireland britain england scotland wales kingdom united america usa uk eu syria iraq
    iran afghanistan pakistan morocco tunisia algeria egypt libya somalia lebanon jordan israel palestine
    gaza saudi arabia yemen qatar emirates chechnya kurdistan india china africa asia europe balkans
    london manchester birmingham glasgow edinburgh dublin belfast paris lyon marseille lille berlin
    hamburg munich cologne frankfurt vienna graz zurich geneva rome milan naples turin madrid barcelona
    valencia lisbon porto amsterdam rotterdam utrecht hague brussels antwerp warsaw krakow prague budapest
    bucharest sofia athens thessaloniki nicosia istanbul ankara moscow kyiv kiev belgrade zagreb sarajevo
    ljubljana stockholm malmö oslo copenhagen helsinki tallinn riga vilnius damascus aleppo raqqa mosul
    baghdad tehran kabul tripoli cairo tunis algiers rabat beirut york anti act law human rights data
    protection first second third fourth hello hi dear thanks thank jobcentre plus emergency st san santa
    angels hells bandidos honour honor blood hammer diaries hizb tahrir hebdo
    """
)
# A sentence begins with one of these, and what follows it may still be a name.
_STARTERS = _listed(
    """
    a about after again all also always an and another any are as asked at be because been before behind
    both but by called can contact could did does during every everyone fell few first for found from gave
    got had has have he heard her here him his how however i if in inside is it its last later left let
    like likes lost many me met might more my near never next no nobody not nothing now of off on once one
    only or other our out outside over please rang refused said saw says seen seems she should since so
    some somebody someone spoke still talked than that the their them then there these they this those
    three through to today together told tomorrow tonight too two under until up us visited visitor
    visitors was we were what when where which while who whose why will with without would wrote yes
    yesterday you your good bad big small man men woman women four five six several
    """
)
# Common first names that are no English words and no places; enough to notice one that stands alone.
_FIRST_NAMES = _listed(
    """
    mario luca marco giovanni giuseppe francesco matteo lorenzo alessandro davide paolo stefano roberto
    giulia chiara francesca elena paola martina valentina giorgia alessia elisa anna maria laura sara
    sarah julia lena lea leonie hannah emma sophie katharina christina kristina petra monika claudia
    susanne andrea nina eva marie hans jürgen jurgen klaus dieter wolfgang heinz uwe thomas stefan michael
    andreas matthias christoph sebastian florian lukas jonas felix moritz tobias johannes jakob pierre
    jacques françois francois philippe nicolas julien antoine mathieu camille amélie amelie chloé chloe
    céline celine josé jose juan carlos miguel javier diego pablo alejandro pedro luis fernando carmen
    lucía lucia ana joão joao tiago rui paulo inês ines beatriz jan piet pieter kees joost sander femke
    sanne anouk piotr pawel paweł tomasz krzysztof andrzej lukasz łukasz marcin kowalski agnieszka
    katarzyna małgorzata malgorzata jiří jiri václav vaclav tomáš tomas zdeněk jana lenka lászló laszlo
    istván istvan zoltán zoltan gábor gabor katalin ion andrei mihai alexandru ioana giorgos yiannis nikos
    kostas dimitris eleni katerina γιώργος γιάννης νίκος κώστας δημήτρης ελένη μαρία κατερίνα ivan igor
    sergei sergey dmitri dmitry vladimir alexei oleg natasha olga svetlana tatiana irina иван сергей
    дмитрий владимир алексей олег ольга наталья татьяна ирина мария анна marko nikola luka stjepan goran
    zoran dragan jelena milica erik lars anders nils björn bjorn sven olav mikko jukka johan johansson
    ingrid astrid freja ahmed ahmad ali omar umar hassan hasan hussein husein ibrahim ismail yusuf youssef
    yousef khaled khalid karim kareem mustafa mahmoud tariq tarek bilal hamza abdullah abdul rashid samir
    amir nabil walid ziad fatima aisha ayesha khadija zaynab zainab leila layla mariam maryam amina nour
    noor samira yasmin yasmine hanan salma mehmet murat emre burak fatih ayşe ayse zeynep elif john james
    robert william david richard joseph charles christopher daniel matthew anthony steven paul andrew
    joshua kenneth kevin brian george timothy ronald edward jason jeffrey ryan jacob gary eric jonathan
    stephen larry justin brandon benjamin samuel gregory alexander patrick dennis jerry tyler aaron nathan
    henry peter kyle mary patricia jennifer linda elizabeth barbara susan jessica karen nancy lisa betty
    margaret sandra ashley kimberly emily donna michelle carol amanda dorothy melissa deborah stephanie
    rebecca sharon cynthia kathleen amy angela jane sophia olivia charlotte
    """
)


@dataclass(frozen=True, slots=True)
class _Word:
    text: str = field(repr=False)
    folded: str = field(repr=False)
    start: int
    end: int
    begins_sentence: bool

    @property
    def is_capitalised(self) -> bool:
        if self.text.islower():
            return False  # as most are, without asking the pattern
        core = re.sub(r"^[a-z]{1,4}['’-]", "", self.text)
        return len(core) > 1 and core[0].isupper() and not core.isupper()

    @property
    def may_be_name(self) -> bool:
        return self.is_capitalised and self.folded not in _EVERYDAY

    @property
    def may_begin_name(self) -> bool:
        return self.may_be_name and self.folded not in _STARTERS

    @property
    def is_first_name(self) -> bool:
        return self.folded in _FIRST_NAMES

    @property
    def is_possessive(self) -> bool:
        return self.text.endswith(("'s", "’s"))


def _words(text: str) -> list[_Word]:
    words = []
    for match in _WORD.finditer(text):
        start = match.start()
        folded = unicodedata.normalize("NFKC", match[0]).casefold()
        if folded.endswith(("'s", "’s")):
            folded = folded[:-2]
        begins = bool(_SENTENCE_END.search(text[max(0, start - 6) : start])) if start else True
        words.append(_Word(match[0], folded, start, match.end(), begins))
    return words


def _names(text: str) -> Iterator[_Span]:
    words = _words(text)
    at = 0
    while at < len(words):
        first, end = _name_from(text, words, at)
        if end > first:
            yield words[first].start, words[end - 1].end
        at = max(end, at + 1)


def _name_from(text: str, words: list[_Word], at: int) -> tuple[int, int]:
    """First word, and the one after the last, of a name that begins with this word or is announced by it."""
    word = words[at]
    gap = _gap(text, words, at)
    if at + 1 < len(words):
        following = words[at + 1]
        if word.folded in _TITLES and gap in (" ", ". ", ".") and following.folded not in _STARTERS:
            end = _run_end(text, words, at + 1)
            if end > at + 1:
                return at + 1, end
        if (word.folded in _KIN and gap in (" ", ", ")) or (word.folded in _ROLES and gap == " "):
            is_of = word.folded in _KIN and following.text == "of" and at + 2 < len(words)
            first = at + 2 if is_of else at + 1
            if words[first].may_begin_name or words[first].is_first_name:
                return first, max(_run_end(text, words, first), first + 1)
        if _is_initial(words, at) and gap in (". ", ".") and following.may_begin_name:
            return at, _run_end(text, words, at + 1)
    if word.may_begin_name and _INTRODUCED.search(text[max(0, word.start - 30) : word.start]):
        return at, _run_end(text, words, at)
    if word.begins_sentence and word.folded in _STARTERS:
        return at, at
    end = _run_end(text, words, at)
    if end - at >= 2:
        return at, end
    if word.is_first_name and len(word.text) > 2 and not (at and words[at - 1].folded in _SAINTS):
        return at, at + 1
    return at, at


def _is_initial(words: list[_Word], at: int) -> bool:
    # "with D. Petrovic", but not "on Wing D. Petrol was found".
    if len(words[at].text) > 1 or not words[at].text.isupper():
        return False
    return words[at].begins_sentence or words[at - 1].folded in _BEFORE_AN_INITIAL


def _gap(text: str, words: list[_Word], at: int) -> str:
    return text[words[at].end : words[at + 1].start] if at + 1 < len(words) else ""


def _run_end(text: str, words: list[_Word], at: int) -> int:
    """After the last of the capitalised words that follow each other from here, particles between them included."""
    end = now = at
    while now < len(words) and now - at < 6:
        if words[now].may_be_name:
            end = now + 1
        elif words[now].text not in _PARTICLES:
            # One everyday word makes the whole run the name of a thing: Oak Valley Hospital.
            if words[now].is_capitalised and end > at + 1:
                return at
            break
        if words[now].is_possessive or _gap(text, words, now) != " ":
            break
        now += 1
    return end


# In this order: what an earlier one found, a later one does not find again.
_FINDERS: dict[Kind, Callable[[str], Iterator[_Span]]] = {
    "email": partial(_matches, _EMAIL),
    "handle": partial(_matches, _HANDLE),
    "birth": partial(_matches, _BIRTH),
    "address": partial(_matches, _ADDRESS),
    "number": _numbers,
    "phone": _phones,
    "name": _names,
}
