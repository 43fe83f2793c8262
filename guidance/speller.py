"""Mends slips of the thumb, word by word, against the words the index knows."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from rapidfuzz.distance import OSA

SHORTEST_REPAIRED: Final = 4
"""Shorter words have too many neighbours to guess between."""

LONGEST_WITH_ONE_SLIP: Final = 7
AT_MOST_REPAIRS: Final = 40
"""Unknown words beyond these are left as typed, so that a long paste costs no more than a long question."""

# Rows of a phone keyboard, each key beside its neighbours in the row and in the rows above and below.
_ROWS: Final = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_PLACE: Final = MappingProxyType(
    {key: (x + 0.5 * y, y) for y, row in enumerate(_ROWS) for x, key in enumerate(row)}
)

# Everyday words that must not be bent into words of the field ("weather" is not "whether"). No dictionary ships
# with the assistant; these are words people do type to it.
_EVERYDAY: Final[Mapping[str, str]] = MappingProxyType(
    {
        "en": """
    bars cash gore footage reasonable confidence swap slip slot snap spin spot star stab steam stew stir strap strike
    tank tape task tent tone tool tube tune bomber bunch cane cape cart cave cell chat chip clip clue crew crop cure
    data date dawn deck deed dent deny diet dirt disc dive dock doll dose doubt draft drain drama drift drill duck dull
    dump dust duty echo edit evil excuse exist expert export fabric fade fame fancy fate fault fear fence ferry fever
    fiction flag flame flash flesh flip float flock flour fluid fold folk fond fool force forge format foster found
    frame freeze fridge fuel fund fury gang gap gate gear gene gentle giant global glory glove grab grace grain grand
    grant graph grave gravity greet grid grief grip guard guide guilt habit halt handle harsh haste hatch haul hazard
    heap hedge heel height hence herd hint hole holy hook horn host hunt icon ideal idle image import impress impulse
    inch income index infant inform injury inner input invent invest invite iron issue item jail jaw jewel jury keen
    label labour lack ladder lane laser lawyer layer lead league lean lecture legal lend lens limb limit link lift lid
    logic loose lord loss loyal lung mad maid mail manual maple march margin mask mass master mature maze mayor medal
    media melt mend mercy merit mess metal mild mill miner minor mist mixed mobile mode model modest mood moral motion
    motor mount mud murmur mutual naked native navy neat nerve nest net neutral noble norm notice notion nurse obey
    object occur offer oil olive omit opera option oral organ origin outcome output owner oxygen pace pack palm panel
    panic parent patch patient pause pave peace peak peer penalty perform permit phase phrase pile pilot pin pipe pitch
    pity plain plan pledge plot plug plus poetry poison pole policy polite poll port pose potent pour powder power
    praise pray pride priest prime print prior private profit proof proud prove public pulse pump punch pupil pure
    puzzle quest queue quote race rack rage raid rail random range rank rare rate ratio react realm rear rebel recall
    reform regret reject relax relay relief rely remark remote rent rescue reserve resist resort retire reveal review
    reward rhythm ride rifle rise risk ritual rival roast robe robot role roll root rope rough round route row royal
    rude ruin rumour rush sack sacred sad safe sail sake sample satin sauce scale scandal scar scene scheme scope scrap
    script sector seed seek seize self senior sense series serve settle severe sexual shade shadow shake shame shell
    shift shock shore shrink sigh sight sign silent silk silly silver site skip slave slide slight slim slope smooth
    snake social sole solid solve sorry soul source spare spark sphere spice spider spike spirit spit split spoil spray
    squad stable stack staff stage stain stake stall stare statue steel steep stem stick sting stock strain strand
    streak stream stress stretch strict strip stroke stuff style submit suck sue suffer suite sum summit supply surge
    survey swallow swear sweat sweep swell swift swing switch symbol talent target teen tempt tender tension terror
    theft theme theory thief thigh thread thrill thumb tide tight tile timber tissue title toast toll tomb tongue topic
    torch toss total tough tourist tower trace track trade trail trait trap trash treaty tremble trend trial tribe
    trick troop truck truly trunk trust truth tutor twin twist ugly ulcer unite unity update urban urge usage vague
    valid valley value van vast venue verb verse versus vessel via victim virtue virus visual vital vivid volume vote
    wage wagon waist wander ware warn waste wave weak wealth weapon weave weigh weird whip whisper wicked widow wild
    wing wipe wire wise witness wolf worker worth wound wrap wreck wrist yell yield zone
    killer army deadline deadlines attacker attackers burnout checking checked fits fitting seats shooter headache hunter hunting dice skill skills skilled thread treat treats treated treating
    able above account across actually advert afford after again agree airport album alcohol alive allow almost alone
    along already although always amazing among amount animal annual another answer anybody anymore anyone anything
    anyway anywhere apple apply arrive article asleep aunt autumn awake award away awful baby back badly bake ball
    band bank bath beach bean beat beautiful beer begin behind believe below best better between bicycle bike bill bird
    birth birthday bite bitter black blanket blood blue board boat body boil book boring born borrow bottle bottom bowl
    box brain bread break breakfast bridge bright bring broke brother brown brush budget build bully bus business busy
    butter button cake calendar camera camp candle capital card care carpet carry castle catch cause chair chance
    change channel charge cheap cheat cheese chicken chocolate choose christmas cigarette cinema circle class clean
    clever climb clock clothes cloud coach coat code coffee coin cold collect colour comfortable company compare
    complain computer concert cook cool copy corner correct cost cough count country couple cousin cover cream credit
    cross crowd cruise currency curtain customer cycle dance dark daughter dead deal dear decide deep deliver dentist
    desk dinner dirty discount dish doctor dollar door double dream dress drink drive driver drop drum during early
    earn earth east easy edge eight either eleven else email empty engine enjoy enough evening ever every everybody
    everyone everything everywhere exactly exam excellent except exercise exit expensive explain extra face fact fail
    fair fall false famous farm fashion fast father favourite feed feel feet fight file fill film final find fine
    finger finish fire first fish five flat flight floor flower follow food foot football forest forget fork form four
    free fresh fridge fruit full funny furniture future game garage garden gift girl girlfriend glad glass goal gold
    golf good grade grandmother grass great green grey ground group grow guess guest guitar hair half hall hand hang
    happen happy hard hate head health hear heart heat heavy height hello help here high hill hire history hobby
    holiday home honey hope horse hospital hotel hour house huge hungry hurry husband idea ideal imagine important
    inside instead insurance interest internet island jacket jam jealous jeans job join joke juice jump just keep
    kettle keyboard kick kind king kiss kitchen knee knock know lady lake lamp language laptop large last late laugh
    laundry lawn lazy leaf learn least leather leave left lemon less lesson letter level library licence light like
    line lion list little live loan local lock long look lorry lose lottery loud love lovely lucky lunch magazine main
    make many market marry match maths matter meal mean measure meat medicine memory menu message metre middle might
    mile milk mind mine minute mirror miss mobile modern money month moon more morning most mother mountain mouse mouth
    move movie much music must nail name narrow near neck need neighbour neither nephew never news nice niece nine
    noise none north nose nothing novel number nurse ocean office often once onion only open opposite orange order
    other outside oven over overtime owner page pain paint pair paper parcel park part party pass passport password
    past pasta path pencil penguin pension pepper perfect perhaps petrol phone photo piano picture piece pink pizza
    place plane planet plant plastic plate play please pocket poem point pool poor popular possible post potato pound
    practice prefer present president pretty price prince printer prize problem promise proper pull purple push quarter
    queen quick quiet quite radio railway rain raise rather reach read ready real really reason receipt recipe record
    red refund remember rent repair reply restaurant result return rice rich right ring river road rock roof room
    rugby rule running salad salary sale salt same sand sandwich save school science score scissors screen season seat
    second secret sell send sentence seven several shall shape share sharp shelf shine ship shirt shoe shop short
    should shoulder shout show shower shut sick side since sing single sister size skate skin skirt sky sleep slice
    slow small smart smell smile smoke snow soap soccer sock sofa soft software soldier some somebody someone something
    sometimes somewhere song soon sort sound soup south space speak special speed spell spend spoon sport spring square
    stamp stand star start state station stay steal still stomach stone stop store storm story strange street string
    strong student study stupid such sugar suit summer sunday sunny supermarket sure surname surprise sweet swim table
    tail take talk tall taste taxi teach teacher team tear teeth television tell temperature tennis tent term test than
    thank that their them then there these they thick thin thing think third thirsty this those thousand three throat
    through throw thunder ticket tidy time tiny tired today together toilet tomato tomorrow tonight tooth touch tour
    towel town toy traffic train travel tree trip trouble trousers true turn twelve twenty twice uncle under uniform
    university until upset useful usual vacation vegetable very video view village violin visa visit voice wait wake
    walk wall want warm wash watch water wear weather website wedding week weekend weight well west what wheel when
    where which while white whole whom whose wide wife wind window wine winter wish with without woman wonder wood word
    work world worry worse worst would write wrong yard year yellow yesterday yoga young your yours zero
    """
    }
)


# Words that are endings as well: "reasonable" is not "reason able".
_LIKE_ENDINGS: Final = frozenset("able age less like ship full wise ling ward".split())


class Speller:
    """Knows a vocabulary and repairs words towards it.

    Args:
        vocabulary: words as ``normal.words`` gives them, with how often each occurs in the index.
        language: whose everyday words to leave alone.
        careful: repair only towards the same first letter, and never more than one slip.
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
            elif tries < AT_MOST_REPAIRS:
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
            for known in self._by_length.get(length, ()):
                distance = OSA.distance(word, known, score_cutoff=slips)
                if distance > slips:
                    continue
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


def slips_allowed(length: int) -> int:
    """How many slips a word of this many letters may have: none below four, one up to seven, two above."""
    if length < SHORTEST_REPAIRED:
        return 0
    return 1 if length <= LONGEST_WITH_ONE_SLIP else 2


def everyday_words(language: str) -> frozenset[str]:
    """Everyday words of a language; empty where we have none."""
    return frozenset(_EVERYDAY.get(language, "").split())


def _surprise(typed: str, known: str) -> float:
    """0 to 0.9: how unlike a slip of the thumb the difference is."""
    cost = 0.0 if typed[0] == known[0] else 0.5
    if len(typed) == len(known):
        wrong = [(a, b) for a, b in zip(typed, known, strict=True) if a != b]
        if sorted(a for a, _ in wrong) != sorted(b for _, b in wrong):
            cost += 0.2 * any(not _neighbours(a, b) for a, b in wrong)
    return cost


def _neighbours(one: str, other: str) -> bool:
    if one not in _PLACE or other not in _PLACE:
        return False
    (x1, y1), (x2, y2) = _PLACE[one], _PLACE[other]
    return abs(x1 - x2) <= 1 and abs(y1 - y2) <= 1
