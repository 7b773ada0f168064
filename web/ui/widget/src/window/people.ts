// Names and times as people read them.

/** One or two letters for an avatar: of the first and the last word. */
export function initials(name: string): string {
  const words = name.trim().split(/\s+/u).filter(Boolean);
  const letters = words.length > 1 ? [words[0]!, words.at(-1)!] : words;
  return letters.map((word) => [...word][0]!.toLocaleUpperCase()).join('');
}

/** The name colleagues would call: the first word. */
export function firstName(name: string): string {
  return name.trim().split(/\s+/u)[0] ?? '';
}

/** The window's language in the form this person uses it: their region says how times and dates are written. */
export function localeOf(language: string, preferred: readonly string[]): string {
  const base = (tag: string): string => tag.split('-')[0]!.toLowerCase();
  return preferred.find((tag) => base(tag) === base(language)) ?? language;
}

/** Hours and minutes in the window's language. */
export function clock(at: string | number, language: string): string {
  return new Intl.DateTimeFormat(language, { timeStyle: 'short' }).format(new Date(at));
}

/** Days from `at` to `now` by the calendar of this machine: 0 is today. */
export function daysAgo(at: string | number, now: number): number {
  const midnight = (time: string | number): number => new Date(new Date(time).toDateString()).getTime();
  return Math.round((midnight(now) - midnight(at)) / 86_400_000);
}

/** A day further back than yesterday. */
export function longDay(at: string | number, language: string): string {
  return new Intl.DateTimeFormat(language, { weekday: 'long', day: 'numeric', month: 'long' }).format(new Date(at));
}
