/** What the palette finds: actions and open chats whose words begin with, or contain, what was typed. */

/** One line of the palette. */
export interface Found {
  id: string;
  label: string;
  hint?: string | undefined;
  section: string;
  keys?: string | undefined;
  /** The name of a person, shown with an avatar. */
  person?: string | undefined;
  run: () => void;
}

/** Lines shown at once. */
const FOUND_MAX = 12;

/** The lines that fit, the best first within each section, sections in the order of their best line. */
export function find(lines: readonly Found[], typed: string): Found[] {
  const words = fold(typed).split(/\s+/).filter(Boolean);
  const scored = lines
    .map((line, at) => ({ line, at, score: score(line, words) }))
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score || a.at - b.at)
    .slice(0, FOUND_MAX);
  const sections = [...new Set(scored.map(({ line }) => line.section))];
  return sections.flatMap((section) => scored.filter(({ line }) => line.section === section).map(({ line }) => line));
}

/** The label in pieces; every second one is what was typed. */
export function pieces(label: string, typed: string): string[] {
  const word = fold(typed.trim());
  const at = word === '' ? -1 : fold(label).indexOf(word);
  if (at < 0 || fold(label).length !== label.length) return [label];
  return [label.slice(0, at), label.slice(at, at + word.length), label.slice(at + word.length)];
}

function score({ label, hint }: Found, words: readonly string[]): number {
  const name = fold(label);
  const more = fold(hint ?? '');
  let sum = 1;
  for (const word of words) {
    if (name.startsWith(word)) sum += 8;
    else if (name.includes(` ${word}`)) sum += 4;
    else if (name.includes(word)) sum += 2;
    else if (more.includes(word)) sum += 1;
    else return 0;
  }
  return sum;
}

/** Without case and accents. */
function fold(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').toLocaleLowerCase();
}
