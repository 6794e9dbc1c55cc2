// Idempotency keys: one for each act of a person, kept while the act has no answer, so that a repetition is the same act.
const LETTERS = "abcdefghijkmnpqrstuvwxyz23456789";

export function newId(length = 24, random: () => number = Math.random): string {
  let text = "";
  while (text.length < length) text += LETTERS[Math.floor(random() * LETTERS.length)];
  return text;
}

/** Keeps the key of an act until it has an answer. An answer of the server ends it; silence of the network does not. */
export class Acts {
  private readonly keys = new Map<string, string>();

  constructor(private readonly make: () => string = newId) {}

  key(act: string): string {
    const known = this.keys.get(act) ?? this.make();
    this.keys.set(act, known);
    return known;
  }

  done(act: string): void {
    this.keys.delete(act);
  }

  /** Does an act; the key is forgotten unless nobody knows whether it was done. */
  async run<T>(act: string, doing: (key: string) => Promise<T>, unknown: (error: unknown) => boolean): Promise<T> {
    try {
      const result = await doing(this.key(act));
      this.done(act);
      return result;
    } catch (error) {
      if (!unknown(error)) this.done(act);
      throw error;
    }
  }
}
