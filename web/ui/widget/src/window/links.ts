// Finds the addresses in a message. Only http and https become links; everything else stays text.

export type Piece = { text: string; href?: string };

const ADDRESS = /\b(?:https?:\/\/|www\.)[^\s<>"“”«»]+/giu;

/** Cuts a text into plain pieces and links, in order; put together they are the text again. */
export function pieces(text: string): Piece[] {
  const found: Piece[] = [];
  let from = 0;
  for (const match of text.matchAll(ADDRESS)) {
    const shown = withoutTail(match[0]);
    const href = address(shown);
    if (!href) continue;
    if (match.index > from) found.push({ text: text.slice(from, match.index) });
    found.push({ text: shown, href });
    from = match.index + shown.length;
  }
  if (from < text.length) found.push({ text: text.slice(from) });
  return found;
}

/** Punctuation at the end belongs to the sentence, and so does a bracket that the address does not open. */
function withoutTail(shown: string): string {
  for (;;) {
    const last = shown.at(-1) ?? '';
    const open = last === ')' ? '(' : last === ']' ? '[' : '';
    if (open ? shown.split(last).length > shown.split(open).length : /[.,;:!?'’*_~]/u.test(last)) {
      shown = shown.slice(0, -1);
    } else {
      return shown;
    }
  }
}

function address(shown: string): string | null {
  try {
    const url = new URL(/^www\./i.test(shown) ? `https://${shown}` : shown);
    return url.hostname.includes('.') || url.hostname === 'localhost' ? url.href : null;
  } catch {
    return null;
  }
}
