/** How a person is shown when there is no picture: letters and one of six quiet grounds. */

/** The grounds there are; the last is the one for people without a name. */
const GROUNDS = 6;

/** One or two letters of a name: first and last word, or the first two letters of a single word. */
export function initials(name: string): string {
  const words = name.trim().split(/\s+/).filter(Boolean);
  const first = words[0];
  const last = words.at(-1);
  if (first === undefined || last === undefined) return '?';
  const letters = words.length > 1 ? letter(first, 0) + letter(last, 0) : letter(first, 0) + letter(first, 1);
  return letters.toLocaleUpperCase();
}

/** The ground of a name, 1 to 6: always the same for the same name. People without a name share the grey one. */
export function ground(name: string | undefined): number {
  if (!name) return GROUNDS;
  let sum = 0;
  for (const char of name.trim().toLocaleLowerCase()) sum = (sum * 31 + (char.codePointAt(0) ?? 0)) >>> 0;
  return (sum % (GROUNDS - 1)) + 1;
}

function letter(word: string, at: number): string {
  return [...word][at] ?? '';
}
