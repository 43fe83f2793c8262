/**
 * Everything that is refused. `code` is the word of the formats' tables; messages never hold content.
 *
 *   NoteUnreadable   format, suite, signature, header, recipient, tag, commit, padding
 *   CannotSeal       length, recipients, suite
 *   KeyRefused       key: these bytes are no usable key
 *   ManifestError    signature, format, agency, version, suite, duplicate, kid, recipients, recovery, expired
 *   KeyFileError     format, unprotected, floor, passphrase, kit-code, key
 *   SuiteBroken      suite-broken: the cryptography here gives wrong answers; seal nothing
 */
export class Refused extends Error {
  constructor(code) {
    super(code);
    this.name = new.target.name;
    this.code = code;
  }
}

export class NoteUnreadable extends Refused {}
export class CannotSeal extends Refused {}
export class KeyRefused extends Refused {}
export class ManifestError extends Refused {}
export class KeyFileError extends Refused {}
export class SuiteBroken extends Refused {}
