/** The order in which names stand in lists. */
const names = new Intl.Collator('en', { numeric: true });

/** As people look for them: "Group 2" before "Group 10", "Überländer" beside "Ueda". */
export function byName(a: { name: string }, b: { name: string }): number {
  return names.compare(a.name, b.name);
}
