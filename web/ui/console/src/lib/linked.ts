/** Finds addresses in what people write. Only `http` and `https` become links. */

/** A piece of a text. */
export interface Part {
  text: string;
  href?: string;
}

const ADDRESS = /https?:\/\/[^\s<>"']+/g;
/** What stands at the end of a sentence, not of an address. */
const TAIL = /[.,;:!?)\]}…]+$/;

/** The text in pieces, in order; put together they are the text. */
export function linked(text: string): Part[] {
  const parts: Part[] = [];
  let from = 0;
  for (const match of text.matchAll(ADDRESS)) {
    const address = match[0].replace(TAIL, '');
    if (!URL.canParse(address)) continue;
    if (match.index > from) parts.push({ text: text.slice(from, match.index) });
    parts.push({ text: address, href: address });
    from = match.index + address.length;
  }
  if (from < text.length) parts.push({ text: text.slice(from) });
  return parts;
}
