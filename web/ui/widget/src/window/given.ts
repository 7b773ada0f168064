// What the page says of its visitor, as far as it can be used: a page may say anything, and still gets its chat.

import type { Given, PageInfo } from '../bridge';

/** What is taken of it; the server's limits. */
const NAME_MAX = 100;
const VARIABLES_MAX = 50;
const VALUE_MAX = 1_000;
const URL_MAX = 2_048;
const TITLE_MAX = 300;
/** Bytes of all variables together: a greeting to the server has to hold them and the page besides. */
const BYTES_MAX = 24 * 1024;
const ID = /^[A-Za-z0-9_-]{1,64}$/;
const OPERATOR = /^[0-9a-f]{32}$/;
const LANGUAGE = /^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$/;
const IDENTITY = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;
const IDENTITY_MAX = 8 * 1024;
const VARIABLE = /^[A-Za-z0-9_.-]{1,64}$/;
const ADDRESS = /^[^\s@]+@[^\s@.]+(\.[^\s@.]+)+$/;

export type Variables = Record<string, string | number | boolean>;

/** What is of the right form; the rest is left out. */
export function readGiven(said: unknown): Given {
  const all = isRecord(said) ? said : {};
  const given: Given = {};
  const name = text(all['name']);
  if (name && [...name].length <= NAME_MAX) given.name = name;
  const email = text(all['email']);
  if (email && email.length <= 254 && ADDRESS.test(email)) given.email = email;
  const operator = text(all['operator'])?.toLowerCase().replaceAll('-', '');
  if (operator && OPERATOR.test(operator)) given.operator = operator;
  const department = text(all['department']);
  if (department && ID.test(department)) given.department = department;
  const language = text(all['language']);
  if (language && LANGUAGE.test(language)) given.language = language;
  const identity = text(all['identity']);
  if (identity && identity.length <= IDENTITY_MAX && IDENTITY.test(identity)) given.identity = identity;
  const variables = readVariables(all['variables']);
  if (Object.keys(variables).length > 0) given.variables = variables;
  return given;
}

/** The page with what the server takes of a long address or title: a visitor is on it all the same. */
export function readPage(page: PageInfo): PageInfo {
  const cut = (text: string, max: number) => [...text].slice(0, max).join('');
  return { ...page, url: cut(page.url, URL_MAX), title: cut(page.title.replace(/\s+/g, ' ').trim(), TITLE_MAX) };
}

/** Whom an identity is for. Not checked here: it only tells whether it is still for the same. */
export function subjectOf(identity: string | undefined): string | null {
  if (identity === undefined) return null;
  try {
    const base64 = (identity.split('.')[1] ?? '').replaceAll('-', '+').replaceAll('_', '/');
    const bytes = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
    const claims: unknown = JSON.parse(new TextDecoder().decode(bytes));
    if (isRecord(claims) && typeof claims['sub'] === 'string') return claims['sub'];
  } catch {} // the server says what is wrong with it
  return identity;
}

function readVariables(said: unknown): Variables {
  const variables: Variables = {};
  let bytes = 0;
  let count = 0;
  for (const [name, value] of isRecord(said) ? Object.entries(said) : []) {
    const kept = typeof value === 'string' ? [...value.trim()].slice(0, VALUE_MAX).join('') : value;
    if (typeof kept !== 'string' && typeof kept !== 'boolean' && !Number.isFinite(kept)) continue;
    if (!VARIABLE.test(name) || kept === '' || count === VARIABLES_MAX) continue;
    bytes += new TextEncoder().encode(JSON.stringify([name, kept])).length;
    if (bytes > BYTES_MAX) break;
    variables[name] = kept as string | number | boolean;
    count += 1;
  }
  return variables;
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value.trim() : undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
