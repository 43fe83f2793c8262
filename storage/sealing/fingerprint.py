"""Eight words to compare a key aloud: the same words at both ends, the same key.

One word for each of the first eight bytes of the key id, so a match means that 64 bits are equal.
"""

from typing import Final

from storage.sealing.signing import VerifyKey
from storage.sealing.suites import PublicKey

WORDS_SHOWN: Final = 8
WORD_LIST: Final = """
acorn actor alarm album amber ankle apple apron arrow attic autumn bacon badge baker balcony bamboo
banana barley basket beach bean bear bench bicycle bishop blanket bottle branch brass bread bridge
broom bucket butter button cabbage cactus camel camera candle canoe carpet carrot castle cattle
cello chalk cherry chess chimney circus clarinet clover coconut coffee copper coral cotton cousin
crayon cricket crown cucumber cushion daisy dancer desert diamond dinner doctor dolphin donkey
dragon drawer drum eagle elbow elephant emerald engine envelope evening falcon farmer feather fiddle
finger forest fossil fountain fox garage garden garlic giant ginger giraffe glacier glove goose
granite grape guitar hammer harbour hazel hedgehog helmet heron hockey honey horse hotel island
ivory jacket jaguar jasmine jelly jewel jigsaw journey juggler jungle kayak kettle kidney kitchen
kitten koala ladder lagoon lantern laundry lawyer lemon leopard lettuce library lilac lizard lobster
lorry magnet magpie mango maple marble market meadow melon mermaid mirror monkey mosaic mountain
mushroom mustard needle nephew noodle nutmeg oasis ocean octopus olive onion orange orchard ostrich
otter oven oyster paddle panda parrot peacock peanut pebble pelican pencil pepper piano picnic
pigeon pillow pilot pirate planet pocket poet potato prince puddle pumpkin puppet pyramid quarry
quilt rabbit radish raven river robin rocket saddle salmon sandal saucer scarf school scissors
shadow silver sister spider spoon squirrel stadium statue summer swan tailor teapot tennis thunder
ticket tiger tomato tortoise tractor trumpet tulip tunnel turkey turnip umbrella uncle valley
vanilla velvet village violin volcano wagon waiter wallet walnut walrus whale wheel window winter
wizard yoghurt zebra
"""
WORDS: Final[tuple[str, ...]] = tuple(WORD_LIST.split())


def words_for(key: PublicKey | VerifyKey) -> tuple[str, ...]:
    """Eight plain English words, lower case."""
    return spoken(key.kid)


def spoken(kid: bytes) -> tuple[str, ...]:
    """The words of a key id, 16 bytes."""
    return tuple(WORDS[byte] for byte in kid[:WORDS_SHOWN])
