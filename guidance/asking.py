"""What to do with something a person asked in their own words: the one door to danger words, declines and answers."""

from collections.abc import Collection, Mapping
from functools import cache
from types import MappingProxyType
from typing import Final

from guidance import small_talk
from guidance.danger import DangerFinder
from guidance.encoder import Encoder
from guidance.finder import Entry, Finder
from guidance.follow_up import AT_MOST_KEPT, Topic, leans, own_words
from guidance.latin_letters import in_own_letters
from guidance.learnt import Learnt, shipped
from guidance.model import Content, Danger
from guidance.normal import words
from guidance.outcome import Found, Outcome, merged, surer
from guidance.outcome import small_talk as talked
from guidance.several import each

AT_MOST_HITS: Final = 3
QUESTIONS: Final = "guidance"  # what the finder was made sure by
STEP_WEIGHT: Final = 0.75  # a step is the longer way to what an answer says at once
FEW_WORDS: Final = 2  # this many words or fewer name a topic rather than ask something
NEARLY_CERTAIN: Final = 0.999  # few words are answered at once only from here on
WORTH_OFFERING: Final = 0.002  # share of the best score below which a hit is not worth a button
BESIDE_FROM: Final = 0.05  # score below which a hit is not worth a button beside what was shown already
DECLINES_FROM: Final = 0.15  # confidence from which the best match, being a decline, is said


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


class Asking:
    """Decides about questions in one language. Built once; may be used from any thread.

    Args:
        encoder: of the content's language, if there is one.
        learnt: by the finder of another ``Asking``; taken where it was of the same, see ``guidance.finder``.
    """

    def __init__(self, content: Content, encoder: Encoder | None = None, learnt: Collection[Learnt] = ()) -> None:
        self._language = content.language
        self.danger = DangerFinder(content.danger, content.language, content.danger_learnt, encoder)
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
        self._known = frozenset(
            word
            for entry in entries
            for text in (entry.title, *entry.phrasings, *entry.keywords, entry.text)
            for word in words(text, content.language)
            if word.isalpha()
        )
        known = [*learnt, *([ships] if (ships := shipped(content.language)) else [])]
        self.finder = Finder(entries, _SAME_WORDS.get(content.language, {}), encoder, QUESTIONS, known)

    def heard(self, text: str) -> Danger | None:
        """Danger in the text as typed, or as it reads in the language's own letters."""
        return next((danger for one in self._readings(text) if (danger := self.danger.danger(one)) is not None), None)

    def decide(self, text: str, role: str | None = None, step: str | None = None) -> Outcome:
        """What to do with a message; where it asks several things, with the first that something is found for.

        Args:
            text: as typed; only the first 2,000 characters are read.
            role: of the person asking; with ``step`` it decides between near ties only.
            step: the guide step the person stands on.
        """
        danger = self.heard(text)
        if danger is not None:
            return Outcome("danger", 1.0, kind=danger.kind, step=danger.step)
        return self.beside_danger(text, role, step)

    def beside_danger(self, text: str, role: str | None = None, step: str | None = None) -> Outcome:
        """The same where danger was spoken of already, or is known to be none."""
        outcomes = self.each(text, role, step)
        return next((one for one in outcomes if one.decision != "refuse"), outcomes[0])

    def each(
        self, text: str, role: str | None = None, step: str | None = None, topic: Topic | None = None
    ) -> tuple[Outcome, ...]:
        """What to do with each question of a message, danger aside, in the order asked.

        Args:
            topic: what a follow-up may lean on; None where nothing was shown right before.

        Returns:
            One, or several that found different things; among several, ``refuse`` stands for a question that nothing
            was found for.
        """
        readings = self._readings(text)
        for reading in readings:
            if (kind := small_talk.kind(reading, self._language)) is not None:
                return (talked(kind),)
        favoured = self._favoured(role, step)

        @cache  # for this message alone: sentences may repeat
        def look_up(question: str) -> Outcome:
            return self._look_up(question, favoured)

        found = {reading: each(reading, self._language, look_up) for reading in readings}
        best = {reading: surer(*outcomes) for reading, outcomes in found.items()}
        # What was typed stands first, and stays first among equals.
        reading = max(best, key=lambda one: (best[one].decision != "refuse", best[one].confidence))
        outcomes = found[reading]
        if topic is None or len(outcomes) > 1 or outcomes[0].settled:
            return outcomes
        return (self._leaning(reading, outcomes[0], topic, favoured),)

    def kept(self, text: str) -> str:
        """The words of a question that the content knows: what a follow-up may lean on. No name is among them that the
        content does not name."""
        typed = words(self._readings(text)[-1], self._language)
        return " ".join([word for word in typed if word in self._known][:AT_MOST_KEPT])

    def _readings(self, text: str) -> tuple[str, ...]:
        """As typed, and as it reads in the language's own letters where it was typed in Latin ones."""
        own = in_own_letters(text, self._language)
        return (text,) if own is None else (text, own)

    def _leaning(self, text: str, alone: Outcome, topic: Topic, favoured: frozenset[str]) -> Outcome:
        """A question that is no answer alone, read together with what it may lean on, where that is more confident."""
        if not leans(text, self._language):
            return alone
        shown = self._found.get(topic.shown)
        own = own_words(text, self._language)
        before = [one for one in (topic.asked, shown.title if shown else "") if one]
        joined = [self._look_up(f"{one} {own or text}", favoured) for one in before]
        declined = [one for one in joined if one.decision == "decline" and one.hits[0].id == topic.shown]
        if declined and not own:  # asked on, it is still what was declined
            return declined[0]
        best = surer(alone, *joined)
        if best is alone:
            return alone
        if best.decision == "decline" or not best.hits:
            return best
        if shown is None or best.hits[0].id != shown.id:
            # Confidence was fitted to questions as people ask them, not to two put together: not answered unasked.
            same = bool(alone.hits) and alone.hits[0].id == best.hits[0].id
            return best if same else Outcome("offer", best.confidence, merged(best, alone, at_most=AT_MOST_HITS))
        # It is about what was shown, and shall not be shown once more.
        near = merged(*([alone] if own else []), best, at_most=2 * AT_MOST_HITS, without=shown.id)
        beside = tuple(hit for hit in near if hit.score >= BESIDE_FROM)[:AT_MOST_HITS]
        return Outcome("offer", best.confidence, beside, kind=None if own and beside else "again")

    def _look_up(self, text: str, favoured: frozenset[str]) -> Outcome:
        """What to do with one question."""
        decision = self.finder.decide(text, favoured, at_most=2 * AT_MOST_HITS)
        if not decision.hits:
            return Outcome("refuse", decision.confidence)
        hits = tuple(self._with_score(hit.id, hit.score) for hit in decision.hits)
        best = max(hits, key=lambda hit: hit.score)
        if best.source == "decline" and decision.confidence >= DECLINES_FROM:
            return Outcome("decline", decision.confidence, (best,))
        offered = tuple(hit for hit in hits if hit.source != "decline" and hit.score >= WORTH_OFFERING * best.score)[
            :AT_MOST_HITS
        ]
        if decision.outcome == "refuse" or not offered:
            named = tuple(hit for hit in hits if hit.id.casefold() in words(text, self._language))
            return Outcome("offer" if named else "refuse", decision.confidence, named or offered)
        named_only = len(words(text, self._language)) <= FEW_WORDS and decision.confidence < NEARLY_CERTAIN
        if decision.outcome == "offer" or named_only or best.source == "decline":
            return Outcome("offer", decision.confidence, offered)
        return Outcome("answer", decision.confidence, offered)

    def _favoured(self, role: str | None, step: str | None) -> frozenset[str]:
        content_role = "coordinator" if role in ("supervisor", "admin") else role
        by_step = {
            id_
            for id_, found in self._found.items()
            if step is not None and step in found.steps and found.source != "decline"
        }
        by_role = {id_ for id_, roles in self._roles.items() if content_role in roles}
        # Both together say more than either; one alone decides only where the other says nothing.
        return frozenset(by_step & by_role or by_step or by_role)

    def _with_score(self, id_: str, score: float) -> Found:
        found = self._found[id_]
        return Found(found.id, found.title, score, found.facts, found.steps, found.source)
