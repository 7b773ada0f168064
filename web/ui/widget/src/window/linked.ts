// What a plain link says of the visitor who followed it, as a page would say it by the script.

import type { Given, PageInfo } from '../bridge';
import { readGiven, readPage } from './given';

/** What may stand in the link. An identity may not: it would stay in the history of the browser. */
const NAMED = ['name', 'email', 'operator', 'department', 'language'];

export function readLink(query: string): { given: Given; page: PageInfo | null } {
  const said = new URLSearchParams(query);
  const given = readGiven(Object.fromEntries(NAMED.map((name) => [name, said.get(name) ?? undefined])));
  const page = said.get('page') ?? '';
  const address = /^https?:\/\//i.test(page) && URL.canParse(page);
  return { given, page: address ? readPage({ url: page, title: '' }) : null };
}
