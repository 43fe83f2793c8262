"""The layer of the danger finder that writers can read: phrases, kind by kind, and the rules by which they are heard.

Phrases, not single words: "suicide prevention leaflet" and "signs of violence" are questions, "he wants to die" is not.
A phrase's words must stand in the text in their order, with at most ``AT_MOST_BETWEEN`` other words between two of
them. Inflection and slips of the thumb do not matter, nor who it is about. See the head of ``content/en/danger.toml``
for what writers can use in a phrase.

A missed danger is far worse than a false alarm, which costs one tap; so only three things call a match off: a
negation right before it, a past that is over (a conviction, a year), and a topic (a leaflet, a film, a definition).
"""

import re
from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from guidance.model import Danger, DangerPhrases
from guidance.normal import AT_MOST_CHARACTERS, folded, in_javascript, words
from guidance.speller import Speller

AT_MOST_BETWEEN: Final = 3
AT_MOST_TOKENS: Final = 400
"""Words beyond these are not looked at; the 2,000 characters read hold about as many."""

AT_MOST_SLIPS: Final = 60
"""Different unknown words beyond these stay as typed: nonsense and other languages hold many, a hurried note few."""

_SENTENCE: Final = re.compile(r"[.!?;\n…]+")
_ABOUT_TO: Final = re.compile(r"\babout to\b")
_COMMA: Final = re.compile(r"[,:()–—]+|\bbut\b")


def _set(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


@dataclass(frozen=True, slots=True)
class _Rules:
    """What a language needs for phrases to be heard in all their forms. All words are folded.

    Attributes:
        dropped: words that never matter and do not count as words between.
        person: words that "somebody" in a phrase stands for.
        groups: a word in a phrase, and all the words it stands for.
        base: irregular forms and their base; also words of faith and origin, all under one, so that it makes no
            difference whose they are.
        endings: regular endings to take off, longest first, with what to put there.
        negation: calls a match off when it stands right before or inside.
        past: calls a match off in its sentence, unless a word of ``present`` stands there too.
        present: see ``past``.
        topic: calls a match off in its sentence, unless a word of ``intent`` is part of the match.
        at_a_topic: where a topic is only the place: "in art class he pulled a knife"; taken out before ``topic``.
        intent: see ``topic``.
        generic: as in "what if a prisoner threatens an officer": a question about the rule.
        idioms: figures of speech and fixed terms, taken out before anything is compared.
        question: how a question about the subject starts; calls a match off that has no intent and, up to its first
            word, nobody it is about (``about``): "which attacks were done by ex prisoners".
        about: see ``question``.
        asking: how any question starts; calls a match off, whatever its words, unless ``urgent`` or ``definite`` are
            found: "do officers carry weapons", but not "what do i do there is a gun" or "can he stab somebody with it".
        urgent: see ``asking``.
        definite: see ``asking``.
    """

    dropped: frozenset[str]
    person: frozenset[str]
    groups: Mapping[str, frozenset[str]]
    base: Mapping[str, str]
    endings: tuple[tuple[str, str], ...]
    negation: frozenset[str]
    past: re.Pattern[str]
    present: frozenset[str]
    topic: frozenset[str]
    at_a_topic: re.Pattern[str]
    intent: frozenset[str]
    generic: re.Pattern[str]
    idioms: re.Pattern[str]
    question: re.Pattern[str]
    about: frozenset[str]
    asking: re.Pattern[str]
    urgent: re.Pattern[str]
    definite: re.Pattern[str]


def _base_forms(lines: str) -> Mapping[str, str]:
    """``base: form form`` lines into form -> base."""
    forms: dict[str, str] = {}
    for line in lines.strip().splitlines():
        base, _, rest = line.strip().partition(":")
        for form in rest.split():
            forms[form] = base
        forms[base] = base
    return MappingProxyType(forms)


_INTENT: Final = _set(
    """
            will hell ill shell would want go plan threaten promise swear ready try intend decide might could
            may shall prepare fantasise fantasize vow pledge keen determined
            """
)

_ENGLISH: Final = _Rules(
    dropped=_set(
        """
            a an the to of his its their this that these those just really very so am are is was
            were be been being do does did has have had already also still then even now actually definitely
            probably maybe always keeps keep some any bit up please doing
            """
    )
    - {"has", "have", "had", "up", "now", "keep", "keeps"},
    person=_set(
        """
            i me he she they him her them you we us it himself herself themselves myself yourself who someone
            somebody anyone anybody everyone everybody people person man men woman women boy boys girl girls kid
            kids child children baby son daughter stepson stepdaughter wife husband partner girlfriend boyfriend
            ex mother mum mom mam father dad parent parents brother sister cousin uncle aunt nephew niece
            grandmother grandfather gran grandad family friend friends neighbour neighbor neighbours flatmate
            roommate cellmate cellmates prisoner prisoners inmate inmates detainee lad guy guys bloke client
            mentee mentor officer officers guard guards staff colleague colleagues collegue nurse doctor teacher
            chaplain imam priest rabbi judge prosecutor lawyer police policeman cop cops governor warden manager
            worker workers boss visitor witness victim victims informer informant grass traitor traitors one
            ones muslim muslims jew jews christian christians foreigner foreigners refugee refugees migrant
            migrants politician minister mayor journalist soldier soldiers gay enemy enemies lot
            """
    )
    - {"it"},
    groups=MappingProxyType(
        {
            "will": _INTENT,
            "has": _set(
                """
            have carry hide bring buy keep show hold own pull wave find see get make build possess smuggle
            sharpen pack wear point swing grab there armed discover order stash collect hoard fetch steal borrow
            print
            """
            ),
            "himself": frozenset(["himself", "herself", "myself", "themselves", "themself", "yourself"]),
            "weapon": _set(
                """
            weapon weapons knife gun guns blade blades pistol rifle shotgun revolver handgun firearm firearms
            machete axe hatchet sword dagger shank shiv grenade grenades bomb bombs kalashnikov ak47 ammo
            ammunition bullet bullets explosive detonator crossbow taser acid molotov semtex tatp gunpowder
            """
            ),
            "child": _set(
                """
            child baby son daughter boy girl kid stepson stepdaughter toddler infant grandson granddaughter
            nephew niece pupil
            """
            ),
            "relative": _set(
                """
            wife husband partner girlfriend boyfriend ex mother mum mom mam father dad brother sister gran
            grandmother grandfather parent cousin neighbour flatmate roommate cellmate prisoner inmate prisoners
            inmates client mentee him her them someone somebody another man woman lad bloke witness
            """
            ),
            "staff": _set(
                """
            me us staff officer officers guard guards colleague colleagues collegue nurse doctor teacher
            chaplain imam governor warden manager worker workers psychologist mentor interpreter escort
            """
            ),
            "kill": _set(
                """
            kill murder stab shoot slaughter lynch assassinate execute behead strangle choke drown suffocate
            slit maim torture rape mutilate slash batter butcher
            """
            ),
            "hurt": _set(
                """
            hurt harm attack beat hit punch injure assault bash kick ambush thump scald crush smash finish jump
            stab kill burn
            """
            ),
            "assault": _set(
                """
            assault attack punch hit kick beat bite headbutt stab slap push shove grab choke strangle spit spat
            slash scald elbow batter rape throttle suffocate whip bash
            """
            ),
            "soon": _set(
                """
            tonight today tomorrow now soon weekend week morning friday saturday sunday monday tuesday wednesday
            thursday
            """
            ),
            "place": _set(
                """
            mosque church synagogue temple school station court police market parade crowd crowds centre center
            embassy festival parliament hospital camp shelter club concert train airport bus asylum refugee home
            building mall stadium pride prison christmas jew muslim migrant
            """
            ),
            "front": _set(
                """
            syria iraq somalia mali yemen libya jihad caliphate khorasan front frontline donbas idlib raqqa
            sahel hijra battlefield war ukraine
            """
            ),
            "drug": _set(
                """
            pills tablets meds medication medicine paracetamol ibuprofen insulin methadone heroin overdose
            """
            ),
            "height": _set("bridge roof rooftop ledge railing balcony window parapet cliff crane tower tracks"),
            "fuel": _set("petrol gasoline diesel kerosene fuel lighter canister canisters jerrycan"),
            "vehicle": _set("car van truck lorry vehicle bus tractor"),
            "fighters": _set(
                """
            isis isil daesh islamic caliphate fighter fighters jihad jihadi militia battalion qaeda qaida
            shabaab azov wagner legion brigade mujahideen mujahid hezbollah taliban terrorist terrorists
            insurgents rebels frontline
            """
            ),
        }
    ),
    base=_base_forms(
        """
        have: has had having
        get: got gets getting gotten gotta
        go: goes going went gone goin gon gona gonna off
        say: says said saying tell tells told telling
        make: made makes making
        buy: bought buys buying
        bring: brought brings bringing
        find: found finds finding
        see: saw seen sees seeing
        hide: hid hidden hides hiding
        hold: held holds holding
        keep: kept keeps keeping
        carry: carries carried carrying
        build: built builds building
        steal: stole stolen steals
        take: took taken takes taking
        give: gave given gives giving
        shoot: shot shoots shooting
        hang: hung hanged hangs hanging
        beat: beats beaten beating
        hit: hits hitting
        cut: cuts cutting
        slit: slits slitting
        throw: threw thrown throws throwing
        break: broke broken breaks breaking
        bleed: bled bleeds bleeding
        burn: burnt burned burns burning
        die: dies died dying
        dead: dead
        kill: kills killed killing killin kil kiling kils
        leave: left leaves leaving
        fly: flies flew flying
        run: runs ran running
        drive: drives drove driven driving
        blow: blows blew blown blowing
        fight: fights fought fighting
        stab: stabs stabbed stabbing
        knife: knives knifes
        choke: chokes choked choking
        strangle: strangles strangled strangling
        threaten: threatens threatened threatening threatend threatning threatned threating
        swear: swears swore sworn swearing
        want: wants wanted wanting wanna wana
        plan: plans planned planning
        try: tries tried trying
        write: wrote written writes writing
        swallow: swallows swallowed swallowing
        know: knows knew known knowing
        wait: waits waited waiting
        follow: follows followed following
        hurt: hurts hurting
        bite: bit bitten bites biting
        set: sets setting
        stand: stands stood standing
        lock: locks locked locking
        live: lived living
        use: uses used using
        shake: shakes shook shaken shaking
        teach: teaches taught teaching
        marry: marries married marrying
        lie: lies lay lying
        come: comes came coming
        sleep: sleeps slept
        think: thinks thought thinking
        suicide: suicides
        explosive: explosives
        child: children kid kids
        life: lives
        foreigner: foreigners refugee refugees migrant migrants immigrant immigrants muslim muslims christian christians
        foreigner: jew jews hindu hindus sikh sikhs buddhist buddhists catholic catholics protestant protestants
        foreigner: salafi salafis shia shias sunni sunnis roma gypsy gypsies arab arabs african africans syrian syrians
        foreigner: iraqi iraqis afghan afghans kurd kurds turk turks moroccan moroccans algerian algerians somali
        foreigner: somalis
        foreigner: gay gays lesbian lesbians french german germans dutch belgian belgians italian italians portuguese
        foreigner: spanish greek greeks bulgarian bulgarians romanian romanians polish ukrainian ukrainians russian
        foreigner: russians english british irish american americans israeli israelis palestinian palestinians
        church: churches mosque mosques synagogue synagogues temple temples gurdwara cathedral chapel masjid
        priest: priests imam imams rabbi rabbis pastor vicar chaplain chaplains
        """
    ),
    endings=(("ing", ""), ("ied", "y"), ("ies", "y"), ("ed", ""), ("es", ""), ("s", "")),
    negation=_set(
        """
            not no never nobody none without deny denies denied denying neither nor refuse
            """
    ),
    past=re.compile(
        r"\b(convict\w*|sentenced?|served (his|her|their|time|years|\d+)|offences?|offenses?|charged with|acquitted|"
        r"history of|(years?|months) ago|why did (nobody|no one|noone)|(serving|doing|did) (life|time) for|back then|"
        r"long ago|decades ago|"
        r"(in|on|from) (the|his|her|an old) (old )?file|used to|in the past|once (had|was|owned)|in (his|her) (youth|"
        r"childhood)|(murder|terror|assault|arson) (case|trial|charge|conviction)|false alarm|in (the|"
        r"an?) (old )?file|not urgent|no danger|"
        r"turned out (to be |it was )?(nothing|harmless|an? |plastic|fake)|only (an? )?(plastic|toy|fake|rubber)|(in|"
        r"since|from|until|of) (19|20)\d\d|last year|last month|"
        r"as a (child|boy|girl|kid|teen\w*)|when (he|she|they) (was|were) (young|little|small|a \w+)|returned from|"
        r"previously|formerly|case stud\w*|lessons?|went wrong)\b"
    ),
    present=_set(
        """
            now tonight today tomorrow again will still just currently soon going wants threatening weekend
            has got carries says is
            """
    ),
    topic=_set(
        """
            sign signs leaflet leaflets training train policy policies protocol protocols procedure procedures
            definition mean means meaning programme program statistics rate rates research factor factors
            checklist film films movie movies book books game games gaming drawing drawings draw draws drew art
            song songs rap lyrics story stories novel class refresher drill amnesty template tool tools
            prevention rules rule course joke joking form paperwork workshop quiz poster posters article
            articles documentary study studies survey lesson lecture seminar podcast exam history museum
            exercise scenario simulation poem poems toy toys topic topics
            """
    ),
    at_a_topic=re.compile(
        r"\b(in|during|after|before|at|from) (the |his |her |my |our |a |this |that )?(\w+ )?"
        r"(class|training|course|workshop|programme|program|game|drill|refresher)\b"
    ),
    intent=_INTENT,
    generic=re.compile(
        r"\b(if|when|whenever) (a|an|any|some|one of (the|our|my)) |\b(if|when) (\w+ )?(prisoners|clients|inmates|"
        r"mentees|"
        r"people) |\bin general\b|^ *(how (many|often|common)|which|who will|who is going to)\b|"
        r"^ *where (can|do) (i|we|you) (buy|get|find)\b|^ *how (do|can|to) ?(i|we|you)? (make|build|get)\b|"
        r"\b(can|does) (the|a|any) (tool|test|score|form)"
    ),
    idioms=re.compile(
        r"\b(?:explosive (?:mood|topic|debate|issue|mix)|(?:terror )?attacks? (?:on tv|(?:in|on) the (?:news|radio)|"
        r"abroad)|ask(?:ing)? (?:him|her|them|a client|clients) about \w+|plan is dead|jump(?:s|ed)? at|jump(?:s|"
        r"ed)? through|burn(?:s|ing|ed)? (?:cds?|dvds?|calories|rubber)|"
        r"beat(?:s|en)? .{0,30}(?:football|chess|cards|\d ?[:-] ?\d)|revenge (?:at|in) \w+|miss (?:me|us|him|her) at|"
        r"lock(?:s|ed)? (?:himself|herself|myself) out|(?:took|takes?|taking) (?:his|her|my|the) (?:pills?|tablets?|"
        r"medication|medicine|meds)(?: \w+)?(?: (?:as|every|daily|regularly|today|this morning))|"
        r"(?:knife|knives) (?:at home )?for (?:cooking|work|the kitchen|his job)|(?:butcher|barber|cook|chef)\b.*\b"
        r"(?:knife|knives|scissors|razors?)|(?:scissors|knife|knives|razors?) (?:as|because) (?:an? |"
        r"he is an? )?(?:barber|"
        r"cook|chef|butcher)|take (?:his|her|the) (?:kids|children|son|daughter) (?:to|for) (?:the |a )?(?:zoo|park|"
        r"school|football|beach|doctor|cinema|walk|mosque|church|holiday)|cant go (?:to|on holiday|with|there)|"
        r"kill(?:s|ed|ing)? (?:the |my |our )?(?:programme|program|mood|vibe|project|idea|motivation|budget|joke|plan)|"
        r"dead (?:battery|phone|line|weight|body of)|(?:battery|phone|line|link) (?:is |went |goes )?dead|"
        r"hang(?:s|ing)? (?:the|a|his|her|my|up) (?:poster|picture|coat|laundry|washing|painting|curtains?|sign|"
        r"notice)s?|"
        r"punch ?(?:line|card|bag)s?|stab (?:in the|at)|str(?:ikes?|uck) (?:me|us) as|target (?:group|audience|date)s?|"
        r"strikes? (?:of|by) (?:the )?(?:guards|staff|officers|drivers|workers)|bullet points?|trigger warning|"
        r"cut(?:s|ting)? (?:the |his |her |my |a )?(?:budget|visits?|cake|hair|grass|costs|hours|bread|onions?)|"
        r"hit by (?:the )?(?:flu|bad news|budget|news|cuts)|hit(?:s|ting)? (?:the )?(?:wrong )?(?:button|key|jackpot)|"
        r"fight(?:s|ing)? for an? |(?:battl|fight)(?:e|es|ing|s)? (?:with |against )?(?:the )?(?:bureaucracy|cancer|"
        r"paperwork|depression)|life sentence|murder myster(?:y|ies)|crime novel|flu shots?|photo ?shoots?|"
        r"(?:toy|water|plastic|nail|glue|rubber|heat) (?:guns?|pistols?|knife|knives|swords?)|knife and fork|"
        r"attacked by (?:a |the )?(?:dogs?|flu|bees?|virus)|drop dead gorgeous|killer (?:whale|app|heels)|"
        r"(?:martial arts|boxing|karate|judo|kick ?boxing)(?: \w+)?|fishing(?: \w+)?|"
        r"(?:job|work|shift|feet|back|head|heat|deadline|traffic|wait|waiting|suspense|paperwork|form)s? "
        r"(?:is|are|was|were|r)? ?killing (?:me|us)|(?:boss|manager)\b.{0,12} kill me|(?:kill|killed|"
        r"killing) (?:it|time|for)|"
        r"dying (?:to|for)|die[ds]? (?:of |nearly )?(?:laughing|laughter|embarrassment|boredom)|"
        r"shoot (?:me|us|him|her|them|over|off)? ?(?:an?|the|your|over)? ?(?:e?mail|message|text|line|note|"
        r"question)s?|"
        r"shoot(?:ing)? (?:some )?(?:hoops|photos|pictures|videos?|films?|games?)|shooter games?|"
        r"shooting (?:games?|up in)|"
        r"beat(?:s|en)? the (?:charge|odds|system|record|addiction|heat)|beat(?:s|en)? (?:me|us|him|her|"
        r"them) (?:at|in|to)|"
        r"hit(?:s|ting)? (?:rock )?bottom|hit(?:s|ting)? (?:the|his|her|their) (?:gym|ball|target|targets|goal|"
        r"goals|road|"
        r"books|wall|roof|ceiling)|hang(?:s|ing)? (?:on|out|in there|up|around)|hung up|"
        r"cut(?:s|ting)? (?:down|off|out|back|contact|ties|corners|short)|"
        r"bomb(?:s|ed)? (?:his|her|the|their|my) (?:\w+ )?(?:test|exam|interview)|time bomb|bomb at|"
        r"attack(?:s|ed|ing)? (?:my|his|her|our|the) (?:arguments?|questions?|views?|ideas?|problem|decision)|"
        r"attacked by my|(?:panic|heart|asthma|anxiety) attacks?|attack surface|"
        r"(?:fight|fights|fighting|fought) (?:for|against|over|the|his|her|off) ?(?:the|his|her|their|"
        r"my)? ?(?:rights?|"
        r"custody|sentence|verdict|case|appeal|addiction|deportation|decision|charges?|sports?)|"
        r"(?:stopped|quit) (?:cutting|hurting|harming|hitting|beating|threatening|fighting)|get me (?:the|an?|my|"
        r"some)|"
        r"dead (?:tired|set|end|right|wrong|sure|certain|serious|beat)|hit it off|front (?:desk|door|office|row|"
        r"page)|"
        r"frontline (?:staff|workers?|officers?)|die (?:his|her|my) hair|armed forces|kick(?:s|ed)? out|burn(?:t|"
        r"ed|ing|s)? ?out|"
        r"(?:after|since|before|following|from|about) (?:an|the|that|last|every) (?:\w+ )?(?:attack|assault|"
        r"fight)s?|end(?:s|ed|ing)? (?:the|his|her|my|our|this|a) (?:contract|mentoring|session|relationship|"
        r"course|"
        r"membership|call|meeting|work|support|placement|programme|sentence|conversation|friendship|visit)|"
        r"(?:pills?|tablets?|medication) (?:for|as|against|every|daily)(?: \w+)?|"
        r"follow(?:s|ed|ing)? (?:me|us|him|her) on (?:instagram|insta|facebook|fb|twitter|x|tiktok|linkedin|social)|"
        r"blew up at|blow(?:s|n|ing)? (?:off|over)|jump(?:s|ed|ing)? (?:for joy|the queue|to conclusions|"
        r"through hoops))\b"
    ),
    question=re.compile(
        r"^ *(?:what (?!do|now|should|to|shall)|whats|which|how (?:many|often|common|serious|fast)|"
        r"who (?!do (?:i|we) (?:call|ring|phone|tell|contact)|to call)|where (?:is|are|can|do)|is (?:there|it|a|"
        r"an)|are there|"
        r"does|do you have|lessons|support for|debrief|statistics|risks?|signs?|history|policy|procedure|protocol|"
        r"words "
        r"for)\b"
    ),
    about=_set(
        """
            he she they i him her them client mentee prisoner inmate someone somebody
            """
    ),
    asking=re.compile(
        r"^ *(?:(?:and|so|also|but|ok|hi|hello|please) )*(?:what|whats|how|why|when|where|which|who|whom|do|does|did|"
        r"is|are|can|could|should|shall|may|must|will|would|has|have)\b"
    ),
    urgent=re.compile(
        r"^ *(?:what (?:do|now|to|should|shall|can)|who (?:do|to|can)|where (?:do|can) (?:i|we) (?:go|hide|run))\b"
        r"(?!.*\b(?:if|when|about)\b)|^ *(?:can|could|will|would) (?:some(?:one|body)|you)\b"
    ),
    definite=re.compile(
        r"\b(?:he|hes|hell|she|shes|him|her|hers|his|himself|herself|theyre|me|my|mine|us|our|im|ive|this|"
        r"client|mentee|mentees?|there is|theres|[a-z]-?\d+)\b"
    ),
)

_RULES: Final[Mapping[str, _Rules]] = MappingProxyType({"en": _ENGLISH})
_NEVER: Final = re.compile(r"(?!)")
_PLAIN: Final = _Rules(
    dropped=frozenset(),
    person=frozenset(),
    groups=MappingProxyType({}),
    base=MappingProxyType({}),
    endings=(),
    negation=frozenset(),
    past=_NEVER,
    present=frozenset(),
    topic=frozenset(),
    at_a_topic=_NEVER,
    intent=frozenset(),
    generic=_NEVER,
    idioms=_NEVER,
    question=_NEVER,
    about=frozenset(),
    asking=_NEVER,
    urgent=_NEVER,
    definite=_NEVER,
)

_SOMEBODY: Final = "somebody"


@dataclass(frozen=True, slots=True)
class _Pattern:
    danger: Danger
    parts: tuple[frozenset[str], ...]
    negated: bool


class PhraseFinder:
    """Knows the danger phrases of one language. Built once; may be used from any thread.

    Args:
        phrases: in the order of their importance: of two kinds heard, the earlier wins.
        language: decides on inflection, negation and so on; for a language without rules, words must stand as written.
    """

    def __init__(self, phrases: Iterable[DangerPhrases], language: str = "en") -> None:
        self._language = language
        self._rules = _RULES.get(language, _PLAIN)
        self._groups = {name: self._bases(group) for name, group in self._rules.groups.items()}
        self._person = self._bases(self._rules.person)
        self._negation = self._bases(self._rules.negation)
        self._intent = self._bases(self._rules.intent)
        self._surface = {*self._rules.person, *self._rules.negation, *self._rules.topic, *self._rules.base}
        self._parts: dict[frozenset[str], frozenset[str]] = {}
        """Equal parts are one object, and so are equal rows of ``_starts``: saves 6 MB (measured)."""
        self._patterns = tuple(
            pattern
            for group in phrases
            for phrase in group.phrases
            if (pattern := self._pattern(Danger(group.kind, group.step), phrase)).parts
        )
        # By the words of the first part, then by those of the second ("" where there is none): most are never tried.
        self._starts = _starts(self._patterns)
        self._speller = Speller(dict.fromkeys(self._surface, 1), language, careful=True)
        self._bases_known = self._bases(self._surface)

    def danger(self, text: str) -> Danger | None:
        """The danger a text speaks of, or None.

        Args:
            text: as typed; only the first 2,000 characters are read.
        """
        best: int | None = None
        mended: dict[str, list[str]] = {}
        for sentence in _SENTENCE.split(folded(text[:AT_MOST_CHARACTERS].replace("\n", ". "))):
            sentence = self._rules.idioms.sub(" ", _ABOUT_TO.sub("will", sentence))
            tokens, clauses = self._tokens(sentence, mended)
            if tokens:
                best = self._heard(sentence, tokens, clauses, best)
        return self._patterns[best].danger if best is not None else None

    def told(self) -> dict[str, object]:
        """What hearing goes by, for a reader that is no Python; see ``guidance.danger``."""
        rules, number = self._rules, {part: at for at, part in enumerate(self._parts)}
        sets = {
            "dropped": rules.dropped,
            "person": rules.person,
            "present": rules.present,
            "topic": rules.topic,
            "about": rules.about,
            "negation": self._negation,
            "intent": self._intent,
            "known": self._bases_known,
        }
        searched = ("past", "at_a_topic", "generic", "idioms", "question", "asking", "urgent", "definite")
        return {
            "sets": {name: " ".join(sorted(words)) for name, words in sets.items()},
            "searched": {name: in_javascript(getattr(rules, name)) for name in searched},
            "base": dict(rules.base),
            "endings": [list(one) for one in rules.endings],
            "parts": [" ".join(sorted(part)) for part in self._parts],
            "patterns": [[number[part] for part in one.parts] for one in self._patterns],
            "negated": [at for at, one in enumerate(self._patterns) if one.negated],
            "between": AT_MOST_BETWEEN,
            "tokens": AT_MOST_TOKENS,
            "speller": self._speller.told(),
        }

    def _pattern(self, danger: Danger, phrase: str) -> _Pattern:
        parts: list[frozenset[str]] = []
        negated = False
        for chunk in phrase.split():
            options: set[str] = set()
            for option in chunk.split("|"):
                for word in words(option, self._language):
                    if word == _SOMEBODY:
                        options |= self._person
                    elif word in self._groups:
                        options |= self._groups[word]
                        self._surface |= self._rules.groups[word]
                    elif word not in self._rules.dropped:
                        options.add(self._base(word))
                        self._surface.add(word)
            if options:
                negated = negated or bool(options & self._negation)
                part = frozenset(options)
                parts.append(self._parts.setdefault(part, part))
        return _Pattern(danger, tuple(parts), negated)

    def _tokens(self, sentence: str, mended: dict[str, list[str]]) -> tuple[list[str], list[int]]:
        """The sentence's words that matter, mended and in base form, and the number of the clause each stands in.

        Args:
            mended: unknown words met so far; grows.
        """
        tokens: list[str] = []
        clauses: list[int] = []
        for clause, piece in enumerate(_COMMA.split(sentence)):
            for word, base in self._mended(words(piece, self._language), mended):
                if word not in self._rules.dropped and len(tokens) < AT_MOST_TOKENS:
                    tokens.append(base)
                    clauses.append(clause)
        return tokens, clauses

    def _mended(self, typed: Iterable[str], mended: dict[str, list[str]]) -> Iterable[tuple[str, str]]:
        """Words with their base forms, slips repaired; a word whose base form is known is none."""
        for word in typed:
            base = self._base(word)
            if base in self._bases_known or self._speller.leaves(word):
                yield word, base
                continue
            if word not in mended and len(mended) < AT_MOST_SLIPS:
                mended[word] = self._speller.repaired([word])
            for right in mended.get(word, [word]):
                yield right, base if right == word else self._base(right)

    def _bases(self, group: Iterable[str]) -> frozenset[str]:
        return frozenset(self._base(word) for word in group)

    def _base(self, word: str) -> str:
        if word in self._rules.base:
            return self._rules.base[word]
        if word in self._rules.person:
            return word
        for ending, instead in self._rules.endings:
            if word.endswith(ending) and not word.endswith("ss") and len(word) - len(ending) >= 3:
                stem = word[: -len(ending)] + instead
                if len(stem) > 3 and stem[-1] == stem[-2] and stem[-1] not in "sl":
                    stem = stem[:-1]
                return stem.rstrip("e") if len(stem) > 3 else stem
        return word.rstrip("e") if len(word) > 3 else word

    def _heard(self, sentence: str, tokens: Sequence[str], clauses: Sequence[int], best: int | None) -> int | None:
        """The number of the most important pattern of those in the sentence and the best so far."""
        around: _Around | None = None
        for start, token in enumerate(tokens):
            starting = self._starts.get(token)
            if starting is None:
                continue
            near = ("", *dict.fromkeys(tokens[start + 1 : start + 2 + AT_MOST_BETWEEN]))
            for number in [one for following in near for one in starting.get(following, ())]:
                if best is not None and number >= best:
                    continue
                pattern = self._patterns[number]
                places = _places(tokens, start, pattern.parts)
                if not places:
                    continue
                around = around or self._around(sentence)
                if not self._called_off(around, tokens, clauses, places, pattern):
                    best = number
        return best

    def _around(self, sentence: str) -> "_Around":
        rules = self._rules
        over = rules.past.search(sentence) and not rules.present.intersection(words(sentence, self._language))
        asks = rules.asking.search(sentence) and not rules.urgent.search(sentence)
        subject = words(rules.at_a_topic.sub(" ", sentence), self._language)
        return _Around(
            off=bool(over or rules.generic.search(sentence) or (asks and not rules.definite.search(sentence))),
            topic=not rules.topic.isdisjoint(subject),
            question=rules.question.search(sentence) is not None,
        )

    def _called_off(
        self,
        around: "_Around",
        tokens: Sequence[str],
        clauses: Sequence[int],
        places: Sequence[int],
        pattern: _Pattern,
    ) -> bool:
        first, last = places[0], places[-1]
        if around.off:
            return True
        if not pattern.negated:
            before = range(max(0, first - 2), first)
            if any(
                tokens[at] in self._negation and clauses[at] == clauses[first] and at not in places
                for at in (*before, *range(first, last))
            ):
                return True
        if not around.topic and not around.question:
            return False
        if self._intent.intersection(tokens[at] for at in places):
            return False
        return around.topic or self._rules.about.isdisjoint(tokens[: first + 1])


@dataclass(frozen=True, slots=True)
class _Around:
    """What in a sentence calls matches off; worked out once, for there may be hundreds of matches.

    Attributes:
        off: all of them.
        topic, question: those that meet a further condition, see ``_Rules``.
    """

    off: bool
    topic: bool
    question: bool


def _starts(patterns: Sequence[_Pattern]) -> dict[str, dict[str, tuple[int, ...]]]:
    """Numbers of the patterns by their first and second words."""
    starts: dict[str, dict[str, tuple[int, ...]]] = defaultdict(dict)
    for number, pattern in enumerate(patterns):
        for word in pattern.parts[0]:
            for following in pattern.parts[1] if len(pattern.parts) > 1 else ("",):
                starts[word][following] = (*starts[word].get(following, ()), number)
    same: dict[Hashable, Any] = {}
    for word, by_following in starts.items():
        for following, numbers in by_following.items():
            by_following[following] = same.setdefault(numbers, numbers)
        starts[word] = same.setdefault(frozenset(by_following.items()), by_following)
    return dict(starts)


def _places(tokens: Sequence[str], start: int, parts: Sequence[frozenset[str]]) -> list[int]:
    """Where the parts stand, the first at ``start``; empty when they do not. Nearest places first, no way back."""
    places = [start]
    for part in parts[1:]:
        reach = range(places[-1] + 1, min(len(tokens), places[-1] + 2 + AT_MOST_BETWEEN))
        following = next((at for at in reach if tokens[at] in part), None)
        if following is None:
            return []
        places.append(following)
    return places
