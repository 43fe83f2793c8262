"""What to do with something a person asked in their own words: the one door to danger words, declines and answers."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

from guidance.danger import DangerFinder
from guidance.encoder import Encoder
from guidance.finder import Entry, Finder
from guidance.model import Content
from guidance.normal import folded, words

AT_MOST_HITS: Final = 3
QUESTIONS: Final = "guidance"  # what the finder was made sure by
STEP_WEIGHT: Final = 0.75  # a step is the longer way to what an answer says at once
FEW_WORDS: Final = 2  # this many words or fewer name a topic rather than ask something
NEARLY_CERTAIN: Final = 0.999  # few words are answered at once only from here on
WORTH_OFFERING: Final = 0.002  # share of the best score below which a hit is not worth a button
DECLINES_FROM: Final = 0.3  # confidence from which the best match, being a decline, is said


def _set(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


# Words of the field that people use for one another. Kept apart: client and mentee, officer and mentor.
_SAME_WORDS: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "en": MappingProxyType(
            {
                "cops": "police", "cop": "police", "polis": "police", "feds": "police", "mum": "mother",
                "mom": "mother", "mam": "mother", "mums": "mother", "moms": "mother", "dad": "father",
                "kids": "children", "kid": "child", "jail": "prison", "gaol": "prison", "nick": "prison",
                "inmate": "prisoner", "inmates": "prisoners", "detainee": "prisoner", "detainees": "prisoners",
                "lad": "man", "bloke": "man", "guy": "man", "fella": "man", "permission": "consent",
                "po": "officer",
                "shrink": "psychologist", "brief": "lawyer", "solicitor": "lawyer", "boss": "manager",
                "radicalization": "radicalisation", "radicalized": "radicalised", "deradicalization":
                "deradicalisation", "deradicalized": "deradicalised", "organization": "organisation",
                "insta": "online", "facebook": "online", "fb": "online", "telegram": "online", "tiktok": "online",
                "assesment": "assessment", "assess": "assessment", "acked": "acknowledged",
                "cash": "money", "euro": "money", "euros": "money", "quid": "money", "bucks": "money",
                "dosh": "money", "mate": "friend", "pal": "friend", "buddy": "friend", "comrade": "friend",
                "mates": "friends", "pals": "friends", "buddies": "friends", "comrades": "friends",
                "snitch": "informant", "spy": "informant", "informer": "informant", "grass": "informant",
                "shred": "delete", "destroy": "delete", "erase": "delete", "scared": "afraid",
                "frightened": "afraid", "terrified": "afraid", "journalist": "press",
                "journalists": "press", "reporter": "press", "reporters": "press", "newspaper": "press",
                "tv": "press", "media": "press", "isolation": "segregation", "solitary": "segregation",
                "seg": "segregation", "psych": "psychologist", "therapist": "psychologist",
                "guard": "officer", "screw": "officer", "guards": "officers", "screws": "officers",
                "pamphlet": "leaflet", "flyer": "leaflet", "brochure": "leaflet", "pamphlets": "leaflets",
                "flyers": "leaflets", "brochures": "leaflets", "netherlands": "dutch", "holland": "dutch",
                "german": "germany", "french": "france", "greek": "greece", "italian": "italy",
                "portuguese": "portugal", "bulgarian": "bulgaria", "danish": "denmark", "danes": "denmark",
                "norwegian": "norway", "finnish": "finland", "belgian": "belgium",
                "australian": "australia", "aussie": "australia", "aussies": "australia",
                "hijab": "headscarf", "died": "death", "dies": "death", "dead": "death",
                "folks": "parents", "detective": "police", "detectives": "police", "copper": "police",
                "policeman": "police", "intel": "intelligence", "docs": "documents",
                "paperwork": "documents", "doc": "doctor", "gp": "doctor", "meds": "medicine",
                "medication": "medicine", "pills": "medicine", "sick": "ill", "lend": "loan",
                "lent": "loan", "borrow": "loan", "lends": "loan", "nicked": "arrested",
                "busted": "arrested", "pray": "prayer", "prays": "prayer", "praying": "prayer",
                "converted": "conversion", "convert": "conversion", "converts": "conversion",
                "translator": "interpreter", "mobile": "phone", "handset": "phone", "guys": "men",
                "blokes": "men", "lads": "men", "faking": "fake", "pretend": "fake", "pretending": "fake",
                "pretends": "fake", "teen": "teenager", "teens": "teenager", "timid": "shy",
                "ride": "lift", "lied": "lies", "lying": "lies", "liar": "lies", "volunteers": "volunteer",
                "couch": "sofa", "marries": "wedding", "married": "wedding", "marry": "wedding",
            }
        )
    }
)  # fmt: skip

# Small talk is the whole message or nothing: "thanks but can he travel" is a question.
_GREETING: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "en": _set(
            """
            hi hello hey hiya yo morning good afternoon evening day there bot integra assistant
            """
        )
    }
)
_THANKS: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "en": _set(
            """
            thanks thank you cheers ta so very much a lot many great ok okay perfect nice good brilliant helpful
            that this is was very for your help bye goodbye merci
            """
        )
    }
)
_THANKING: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "en": _set(
            """
            thanks thank cheers ta bye goodbye merci perfect great
            """
        )
    }
)
_HAILING: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "en": _set(
            """
            hi hello hey hiya yo morning afternoon evening
            """
        )
    }
)


@dataclass(frozen=True, slots=True)
class Found:
    """One thing that fits a question.

    Attributes:
        id: of an answer, a decline or a step (``S05``), as ``source`` says.
        score: 0 to 1, closeness; not a probability.
        facts: what it rests on.
        steps: guide steps it belongs to; for a step, itself.
    """

    id: str
    title: str
    score: float
    facts: tuple[str, ...]
    steps: tuple[str, ...]
    source: Literal["answer", "decline", "step"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What to do.

    Attributes:
        decision: ``danger``: go to ``step`` at once. ``decline``: say the first hit's reason and what to do instead.
            ``answer``: show the first hit. ``offer``: show the hits as a choice. ``refuse``: say that nothing fits.
        confidence: 0 to 1, how likely the first hit is what was meant.
        hits: at most three, best first. Declines are never offered: one is first with ``decline``, or not among them.
        kind: with ``danger`` the kind of danger; with ``refuse`` ``greeting`` or ``thanks`` for small talk, else None.
        step: with ``danger`` the step to walk, else None.
    """

    decision: Literal["answer", "offer", "refuse", "decline", "danger"]
    confidence: float
    hits: tuple[Found, ...] = ()
    kind: str | None = None
    step: str | None = None


class Asking:
    """Decides about questions in one language. Built once; may be used from any thread.

    Args:
        encoder: of the content's language, if there is one.
    """

    def __init__(self, content: Content, encoder: Encoder | None = None) -> None:
        self._language = content.language
        self.danger = DangerFinder(content.danger, content.language, content.danger_learnt)
        self._found: dict[str, Found] = {}
        self._roles: dict[str, tuple[str, ...]] = {}
        entries: list[Entry] = []
        for answer in content.answers.values():
            self._found[answer.id] = Found(answer.id, answer.title, 0.0, answer.facts, answer.steps, "answer")
            self._roles[answer.id] = answer.roles
            entries.append(
                Entry(answer.id, answer.title, answer.asked_as, answer.keywords, answer.short, content.language)
            )
        for decline in content.declines.values():
            self._found[decline.id] = Found(decline.id, decline.title, 0.0, decline.facts, decline.steps, "decline")
            entries.append(Entry(decline.id, decline.title, decline.asked_as, (), "", content.language))
        for step in content.steps.values():
            self._found[step.id] = Found(step.id, step.title, 0.0, step.facts, (step.id,), "step")
            asked_as = (step.stage.replace("_", " "), f"step {step.title}", step.id)
            entries.append(Entry(step.id, step.title, asked_as, (), step.purpose, content.language, STEP_WEIGHT))
        self.finder = Finder(entries, _SAME_WORDS.get(content.language, {}), encoder, QUESTIONS)

    def decide(self, text: str, role: str | None = None, step: str | None = None) -> Outcome:
        """What to do with a question.

        Args:
            text: as typed; only the first 2,000 characters are read.
            role: of the person asking; with ``step`` it decides between near ties only.
            step: the guide step the person stands on.
        """
        danger = self.danger.danger(text)
        if danger is not None:
            return Outcome("danger", 1.0, kind=danger.kind, step=danger.step)
        return self.beside_danger(text, role, step)

    def beside_danger(self, text: str, role: str | None = None, step: str | None = None) -> Outcome:
        """The same where danger was spoken of already, or is known to be none."""
        text = folded(text, self._language)
        typed = words(text, self._language)
        small_talk = self._small_talk(typed)
        if small_talk is not None:
            return Outcome("refuse", 0.0, kind=small_talk)

        decision = self.finder.decide(text, self._favoured(role, step), at_most=2 * AT_MOST_HITS)
        if not decision.hits:
            return Outcome("refuse", decision.confidence)
        hits = tuple(self._with_score(hit.id, hit.score) for hit in decision.hits)
        if hits[0].source == "decline" and decision.confidence >= DECLINES_FROM:
            return Outcome("decline", decision.confidence, hits[:1])
        offered = tuple(hit for hit in hits if hit.source != "decline" and hit.score >= WORTH_OFFERING * hits[0].score)[
            :AT_MOST_HITS
        ]
        if decision.outcome == "refuse" or not offered:
            return Outcome("refuse", decision.confidence, offered)
        named_only = len(typed) <= FEW_WORDS and decision.confidence < NEARLY_CERTAIN
        if decision.outcome == "offer" or named_only or hits[0].source == "decline":
            return Outcome("offer", decision.confidence, offered)
        return Outcome("answer", decision.confidence, offered)

    def _favoured(self, role: str | None, step: str | None) -> frozenset[str]:
        content_role = "coordinator" if role in ("supervisor", "admin") else role
        by_step = {id_ for id_, found in self._found.items() if step is not None and step in found.steps}
        by_role = {id_ for id_, roles in self._roles.items() if content_role in roles}
        # Both together say more than either; one alone decides only where the other says nothing.
        return frozenset(by_step & by_role or by_step or by_role)

    def _small_talk(self, typed: list[str]) -> Literal["greeting", "thanks"] | None:
        said = frozenset(typed)
        if not said:
            return None
        if said & _THANKING.get(self._language, frozenset()) and said <= _THANKS.get(self._language, frozenset()):
            return "thanks"
        if said & _HAILING.get(self._language, frozenset()) and said <= _GREETING.get(self._language, frozenset()):
            return "greeting"
        return None

    def _with_score(self, id_: str, score: float) -> Found:
        found = self._found[id_]
        return Found(found.id, found.title, score, found.facts, found.steps, found.source)
