/** Eight words to compare a key aloud, as storage/sealing/fingerprint.py speaks them: the same words, the same key. */

const WORDS = `
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
`.trim().split(/\s+/);
const SHOWN = 8;

/** The words of a key id; each stands for one byte of it. */
export const spoken = (kid: Uint8Array): string[] => Array.from(kid.subarray(0, SHOWN), (byte) => WORDS[byte]!);
