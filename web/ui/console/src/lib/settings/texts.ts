/** Texts that visitors see while they wait, with what is put in for each of them. */
export const PLACEHOLDERS: Readonly<Record<string, { say: string; example: string }>> = {
  ahead: { say: 'how many are served before', example: '2' },
  wait: { say: 'how long it will take', example: '3 min' },
};

/** The text as one visitor may see it. */
export function filled(text: string): string {
  return text.replace(/\{(\w+)\}/g, (all, name: string) => PLACEHOLDERS[name]?.example ?? all);
}

/** Words in braces for which nothing is put in. */
export function unknownIn(text: string): string[] {
  const names = [...text.matchAll(/\{(\w+)\}/g)].flatMap(([all, name]) =>
    name && !(name in PLACEHOLDERS) ? [all] : [],
  );
  return [...new Set(names)];
}
