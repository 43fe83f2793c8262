/** Why something was refused. The codes are those of docs/formats. */

export class Refused extends Error {
  constructor(readonly code: string) {
    super(code);
    this.name = new.target.name;
  }
}

export class KeyRefused extends Refused {}
export class CannotSeal extends Refused {}
export class NoteUnreadable extends Refused {}
export class ManifestError extends Refused {}
export class KeyFileError extends Refused {}
export class SuiteBroken extends Refused {}
