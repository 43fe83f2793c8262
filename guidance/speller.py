"""Mends slips of the thumb, word by word, against the words the index knows."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from rapidfuzz.distance import OSA
from rapidfuzz.process import extract

SHORTEST_REPAIRED: Final = 4
"""Shorter words have too many neighbours to guess between."""

LONGEST_WITH_ONE_SLIP: Final = 7
AT_MOST_REPAIRS: Final = 40
"""Unknown words beyond these are left as typed, so that a long paste costs no more than a long question."""

# Rows of a phone keyboard, each key beside its neighbours in the row and in the rows above and below.
_ROWS: Final = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_PLACE: Final = MappingProxyType({key: (x + 0.5 * y, y) for y, row in enumerate(_ROWS) for x, key in enumerate(row)})

# Everyday words that must not be bent into words of the field ("weather" is not "whether"). No dictionary ships
# with the assistant; these are words people do type to it.
_EVERYDAY: Final[Mapping[str, str]] = MappingProxyType(
    {
        "en": """
    able above account across actually advert afford after again agree airport album alcohol alive allow
    almost alone along already although always amazing among amount animal annual another answer anybody
    anymore anyone anything anyway anywhere apple apply army arrive article asleep attacker attackers aunt
    autumn awake award away awful baby back badly bake ball band bank bars bath beach bean beat beautiful
    beer begin behind believe below best better between bicycle bike bill bird birth birthday bite bitter
    black blanket blood blue board boat body boil bomber book boring born borrow bottle bottom bowl box
    brain bread break breakfast bridge bright bring broke brother brown brush budget build bully bunch
    burnout bus business busy butter button cake calendar camera camp candle cane cape capital card care
    carpet carry cart cash castle catch cause cave cell chair chance change channel charge chat cheap cheat
    checked checking cheese chicken chip chocolate choose christmas cigarette cinema circle class clean
    clever climb clip clock clothes cloud clue coach coat code coffee coin cold collect colour comfortable
    company compare complain computer concert confidence cook cool copy corner correct cost cough count
    country couple cousin cover cream credit crew crop cross crowd cruise cure currency curtain customer
    cycle dance dark data date daughter dawn dead deadline deadlines deal dear decide deck deed deep deliver
    dent dentist deny desk dice diet dinner dirt dirty disc discount dish dive dock doctor doll dollar door
    dose double doubt draft drain drama dream dress drift drill drink drive driver drop drum duck dull dump
    during dust duty early earn earth east easy echo edge edit eight either eleven else email empty engine
    enjoy enough evening ever every everybody everyone everything everywhere evil exactly exam excellent
    except excuse exercise exist exit expensive expert explain export extra fabric face fact fade fail fair
    fall false fame famous fancy farm fashion fast fate father fault favourite fear feed feel feet fence
    ferry fever fiction fight file fill film final find fine finger finish fire first fish fits fitting five
    flag flame flash flat flesh flight flip float flock floor flour flower fluid fold folk follow fond food
    fool foot footage football force forest forge forget fork form format foster found four frame free
    freeze fresh fridge fruit fuel full fund funny furniture fury future game gang gap garage garden gate
    gear gene gentle giant gift girl girlfriend glad glass global glory glove goal gold golf good gore grab
    grace grade grain grand grandmother grant graph grass grave gravity great green greet grey grid grief
    grip ground group grow guard guess guest guide guilt guitar habit hair half hall halt hand handle hang
    happen happy hard harsh haste hatch hate haul hazard head headache health heap hear heart heat heavy
    hedge heel height hello help hence herd here high hill hint hire history hobby hole holiday holy home
    honey hook hope horn horse hospital host hotel hour house huge hungry hunt hunter hunting hurry husband
    icon idea ideal idle image imagine import important impress impulse inch income index infant inform
    injury inner input inside instead insurance interest internet invent invest invite iron island issue
    item jacket jail jam jaw jealous jeans jewel job join joke juice jump jury just keen keep kettle
    keyboard kick killer kind king kiss kitchen knee knock know label labour lack ladder lady lake lamp lane
    language laptop large laser last late laugh laundry lawn lawyer layer lazy lead leaf league lean learn
    least leather leave lecture left legal lemon lend lens less lesson letter level library licence lid lift
    light like limb limit line link lion list little live loan local lock logic long look loose lord lorry
    lose loss lottery loud love lovely loyal lucky lunch lung mad magazine maid mail main make manual many
    maple march margin market marry mask mass master match maths matter mature mayor maze meal mean measure
    meat medal media medicine melt memory mend menu mercy merit mess message metal metre middle might mild
    mile milk mill mind mine miner minor minute mirror miss mist mixed mobile mode model modern modest money
    month mood moon moral more morning most mother motion motor mount mountain mouse mouth move movie much
    mud murmur music must mutual nail naked name narrow native navy near neat neck need neighbour neither
    nephew nerve nest net neutral never news nice niece nine noble noise none norm north nose nothing notice
    notion novel number nurse obey object occur ocean offer office often oil olive omit once onion only open
    opera opposite option oral orange order organ origin other outcome output outside oven over overtime
    owner oxygen pace pack page pain paint pair palm panel panic paper parcel parent park part party pass
    passport password past pasta patch path patient pause pave peace peak peer penalty pencil penguin
    pension pepper perfect perform perhaps permit petrol phase phone photo phrase piano picture piece pile
    pilot pin pink pipe pitch pity pizza place plain plan plane planet plant plastic plate play please
    pledge plot plug plus pocket poem poetry point poison pole policy polite poll pool poor popular port
    pose possible post potato potent pound pour powder power practice praise pray prefer present president
    pretty price pride priest prime prince print printer prior private prize problem profit promise proof
    proper proud prove public pull pulse pump punch pupil pure purple push puzzle quarter queen quest queue
    quick quiet quite quote race rack radio rage raid rail railway rain raise random range rank rare rate
    rather ratio reach react read ready real really realm rear reason reasonable rebel recall receipt recipe
    record red reform refund regret reject relax relay relief rely remark remember remote rent repair reply
    rescue reserve resist resort restaurant result retire return reveal review reward rhythm rice rich ride
    rifle right ring rise risk ritual rival river road roast robe robot rock role roll roof room root rope
    rough round route row royal rude rugby ruin rule rumour running rush sack sacred sad safe sail sake
    salad salary sale salt same sample sand sandwich satin sauce save scale scandal scar scene scheme school
    science scissors scope score scrap screen script season seat seats second secret sector seed seek seize
    self sell send senior sense sentence series serve settle seven several severe sexual shade shadow shake
    shall shame shape share sharp shelf shell shift shine ship shirt shock shoe shooter shop shore short
    should shoulder shout show shower shrink shut sick side sigh sight sign silent silk silly silver since
    sing single sister site size skate skill skilled skills skin skip skirt sky slave sleep slice slide
    slight slim slip slope slot slow small smart smell smile smoke smooth snake snap snow soap soccer social
    sock sofa soft software soldier sole solid solve some somebody someone something sometimes somewhere
    song soon sorry sort soul sound soup source south space spare spark speak special speed spell spend
    sphere spice spider spike spin spirit spit split spoil spoon sport spot spray spring squad square stab
    stable stack staff stage stain stake stall stamp stand star stare start state station statue stay steal
    steam steel steep stem stew stick still sting stir stock stomach stone stop store storm story strain
    strand strange strap streak stream street stress stretch strict strike string strip stroke strong
    student study stuff stupid style submit such suck sue suffer sugar suit suite sum summer summit sunday
    sunny supermarket supply sure surge surname surprise survey swallow swap swear sweat sweep sweet swell
    swift swim swing switch symbol table tail take talent talk tall tank tape target task taste taxi teach
    teacher team tear teen teeth television tell temperature tempt tender tennis tension tent term terror
    test than thank that theft their them theme then theory there these they thick thief thigh thin thing
    think third thirsty this those thousand thread three thrill throat through throw thumb thunder ticket
    tide tidy tight tile timber time tiny tired tissue title toast today together toilet toll tomato tomb
    tomorrow tone tongue tonight tool tooth topic torch toss total touch tough tour tourist towel tower town
    toy trace track trade traffic trail train trait trap trash travel treat treated treating treats treaty
    tree tremble trend trial tribe trick trip troop trouble trousers truck true truly trunk trust truth tube
    tune turn tutor twelve twenty twice twin twist ugly ulcer uncle under uniform unite unity university
    until update upset urban urge usage useful usual vacation vague valid valley value van vast vegetable
    venue verb verse versus very vessel via victim video view village violin virtue virus visa visit visual
    vital vivid voice volume vote wage wagon waist wait wake walk wall wander want ware warm warn wash waste
    watch water wave weak wealth weapon wear weather weave website wedding week weekend weigh weight weird
    well west what wheel when where which while whip whisper white whole whom whose wicked wide widow wife
    wild wind window wine wing winter wipe wire wise wish with without witness wolf woman wonder wood word
    work worker world worry worse worst worth would wound wrap wreck wrist write wrong yard year yell yellow
    yesterday yield yoga young your yours zero zone
    blame blamed blames landed lands shoes shots died doing dying landing deadly living
    """
    }
)


def _set(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


# Words that are endings as well: "reasonable" is not "reason able".
_LIKE_ENDINGS: Final = _set(
    """
            able age less like ship full wise ling ward
            """
)


class Speller:
    """Knows a vocabulary and repairs words towards it.

    Args:
        vocabulary: words as ``normal.words`` gives them, with how often each occurs in the index.
        language: whose everyday words to leave alone.
        careful: repair only towards the same first letter, never more than one slip, no word of four letters.
    """

    def __init__(self, vocabulary: Mapping[str, int], language: str = "en", careful: bool = False) -> None:
        self._careful = careful
        self._count = dict(vocabulary)
        self._real = frozenset(_EVERYDAY.get(language, "").split()) | self._count.keys()
        by_length: dict[int, list[str]] = defaultdict(list)
        for word in sorted(self._count):
            if len(word) >= SHORTEST_REPAIRED - 1 and word.isalpha():
                by_length[len(word)].append(word)
        self._by_length = dict(by_length)

    def repaired(self, typed: Iterable[str]) -> list[str]:
        """The words with slips mended; run-together words come back as two. Real words stay as they are."""
        mended: list[str] = []
        tries = 0
        for word in typed:
            if word in self._real or len(word) < SHORTEST_REPAIRED or not word.isalpha():
                mended.append(word)
            elif tries < AT_MOST_REPAIRS and len(word) >= SHORTEST_REPAIRED + self._careful:
                tries += 1
                mended += self._repair(word)
            else:
                mended.append(word)
        return mended

    def _repair(self, word: str) -> list[str]:
        slips = min(slips_allowed(len(word)), 1 if self._careful else 2)
        best = ""
        best_cost = 99.0
        for length in range(len(word) - slips, len(word) + slips + 1):
            for known, distance in _near(word, self._by_length.get(length, ()), slips):
                cost = distance + _surprise(word, known) - min(self._count[known], 50) / 500
                if cost < best_cost:
                    best, best_cost = known, cost
        # Two slips and another first letter is a guess, not a repair.
        if best and (best[0] == word[0] or (best_cost < 2 and not self._careful)):
            return [best]
        return self._split(word) or [word]

    def _split(self, word: str) -> list[str]:
        """Two known words that stand in the text without a space, the longer pieces preferred."""
        cuts = sorted(range(2, len(word) - 1), key=lambda at: abs(2 * at - len(word)))
        for at in cuts:
            if word[:at] in self._real and word[at:] in self._real and word[at:] not in _LIKE_ENDINGS:
                return [word[:at], word[at:]]
        return []


def _near(word: str, known: Sequence[str], slips: int) -> list[tuple[str, int]]:
    """Those within so many slips, in their order, with the number of slips."""
    found = extract(word, known, scorer=OSA.distance, score_cutoff=slips, limit=None)
    return [(other, distance) for other, distance, _ in sorted(found, key=lambda one: one[2])]


def slips_allowed(length: int) -> int:
    """How many slips a word of this many letters may have: none below four, one up to seven, two above."""
    if length < SHORTEST_REPAIRED:
        return 0
    return 1 if length <= LONGEST_WITH_ONE_SLIP else 2


def _surprise(typed: str, known: str) -> float:
    """0 to 0.9: how unlike a slip of the thumb the difference is."""
    cost = 0.0 if typed[0] == known[0] else 0.5
    if len(typed) == len(known):
        wrong = [(a, b) for a, b in zip(typed, known, strict=True) if a != b]
        if sorted(a for a, _ in wrong) != sorted(b for _, b in wrong):
            cost += 0.2 * any(not _neighbours(a, b) for a, b in wrong)
    return cost


def beside(key: str) -> str:
    """The keys around a key of a phone's keyboard, alphabetically; empty for what is no letter of it."""
    return "".join(other for other in sorted(_PLACE) if other != key and _neighbours(key, other))


def _neighbours(one: str, other: str) -> bool:
    if one not in _PLACE or other not in _PLACE:
        return False
    (x1, y1), (x2, y2) = _PLACE[one], _PLACE[other]
    return abs(x1 - x2) <= 1 and abs(y1 - y2) <= 1
