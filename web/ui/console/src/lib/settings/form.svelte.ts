/** What is written in a form, beside what is saved: the changes, what is wrong with them, and what others changed. */

/** Values by key; plain data that JSON can hold. */
export type Values = Readonly<Record<string, unknown>>;

export class Form {
  saved = $state.raw<Values>({});
  values = $state.raw<Values>({});
  /** What is wrong, in words, by key, or by where it is within a key's value: `hours.week.0.1`. */
  wrong = $state.raw<Readonly<Record<string, string>>>({});
  /** Keys that somebody else has changed while we did, with what they are now. */
  clashes = $state.raw<Values>({});
  readonly changed = $derived(
    keysOf(this.saved, this.values).filter((key) => !same(this.saved[key], this.values[key])),
  );

  /** Begins anew from what is saved. */
  fill(saved: Values): void {
    this.saved = this.values = saved;
    this.wrong = {};
    this.clashes = {};
  }

  set(key: string, value: unknown): void {
    this.values = { ...this.values, [key]: value };
    this.wrong = Object.fromEntries(Object.entries(this.wrong).filter(([at]) => !within(at, key)));
    this.clashes = without(this.clashes, key);
  }

  discard(): void {
    this.fill(this.saved);
  }

  /** It was set without a save: what is written is that too. */
  settle(key: string, value: unknown): void {
    this.saved = { ...this.saved, [key]: value };
    this.values = { ...this.values, [key]: value };
  }

  /** A part of what is saved under a key is another one now: it is shown where nobody has written another here. */
  follow(key: string, part: string, value: unknown): void {
    const [saved, written] = [this.saved[key], this.values[key]] as (Values | null | undefined)[];
    if (!saved || same(saved[part], value)) return;
    this.saved = { ...this.saved, [key]: { ...saved, [part]: value } };
    if (written && same(written[part], saved[part]))
      this.values = { ...this.values, [key]: { ...written, [part]: value } };
  }

  /** Those keys are saved as they are written. */
  kept(keys: readonly string[]): void {
    this.saved = { ...this.saved, ...Object.fromEntries(keys.map((key) => [key, this.values[key]])) };
  }

  /**
   * What is saved is this now. What we left alone follows it; what we changed stays ours, and clashes where somebody
   * else changed it too. True when nothing clashes.
   */
  rebase(saved: Values): boolean {
    const before = this.saved;
    const mine = this.changed;
    const clashing = mine.filter((key) => !same(saved[key], before[key]) && !same(saved[key], this.values[key]));
    this.clashes = Object.fromEntries(clashing.map((key) => [key, saved[key]]));
    this.values = { ...saved, ...Object.fromEntries(mine.map((key) => [key, this.values[key]])) };
    this.saved = saved;
    return clashing.length === 0;
  }
}

/** Whether that is the key, or a place in its value. */
export function within(at: string, key: string): boolean {
  return at === key || at.startsWith(`${key}.`);
}

function keysOf(...all: readonly Values[]): string[] {
  return [...new Set(all.flatMap((values) => Object.keys(values)))];
}

function same(a: unknown, b: unknown): boolean {
  // A key that is missing, and one that is null, are both "nothing there".
  return JSON.stringify(a ?? null) === JSON.stringify(b ?? null);
}

function without<T>(record: Readonly<Record<string, T>>, key: string): Readonly<Record<string, T>> {
  const { [key]: _gone, ...rest } = record;
  return rest;
}
