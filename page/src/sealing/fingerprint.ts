/** Eight words to compare a key aloud, as storage/sealing/fingerprint.py speaks them: the same words, the same key. */
import { WORD_LIST } from "python:storage/sealing/fingerprint.py";

const SHOWN = 8;

/** The words of a key id; each stands for one byte of it. */
export const spoken = (kid: Uint8Array): string[] => Array.from(kid.subarray(0, SHOWN), (byte) => WORD_LIST[byte]!);
