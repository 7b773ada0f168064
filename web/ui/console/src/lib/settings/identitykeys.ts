/** The keys by which a brand's server vouches for visitors: what is written of a new one, and how the list is changed. */
import type { Http } from '../http';

/** A key as the server tells of it: what it is made of is shown to nobody. */
export interface IdentityKey {
  id: string;
  algorithm: Algorithm;
  created_at: string;
}

export type Algorithm = 'HS256' | 'RS256' | 'ES256';

export const ALGORITHMS: readonly { id: Algorithm; label: string; hint: string }[] = [
  { id: 'HS256', label: 'HS256', hint: 'A secret that your server and this one have in common.' },
  { id: 'RS256', label: 'RS256', hint: 'An RSA key: your server keeps the private part, this one has the public part.' },
  { id: 'ES256', label: 'ES256', hint: 'A key on the curve P-256: the private part stays with your server, too.' },
];

/** Keys of a brand at a time, and bytes of a secret; the server takes no more, and no fewer. */
export const KEYS_MAX = 8;
export const SECRET_MIN = 32;

export interface NewKey {
  id: string;
  algorithm: Algorithm;
  key: string;
}

interface Keyed {
  version: number;
  identity_keys: IdentityKey[];
}

/** What is wrong with a new key, by field. */
export function checkKey({ id, algorithm, key }: NewKey, there: readonly IdentityKey[]): { id?: string; key?: string } {
  const wrong: { id?: string; key?: string } = {};
  if (!/^[A-Za-z0-9_.-]{1,64}$/.test(id.trim())) wrong.id = 'Expected 1 to 64 of A-Z a-z 0-9 _ - .';
  else if (there.some((other) => other.id === id.trim())) wrong.id = 'There is a key of that name';
  if (algorithm === 'HS256') {
    const secret = key.trim();
    if (/[\r\n]/.test(secret)) wrong.key = 'Expected one line: this secret has line breaks in it';
    else if (new TextEncoder().encode(secret).length < SECRET_MIN) wrong.key = `Expected ${SECRET_MIN} characters or more`;
  } else if (!/-----BEGIN [A-Z ]*PUBLIC KEY-----[\s\S]+-----END [A-Z ]*PUBLIC KEY-----/.test(key)) {
    wrong.key = 'Expected the public key as PEM, with its first and last line';
  }
  return wrong;
}

export class IdentityKeys {
  readonly #http: Http;
  readonly #path: string;

  constructor(http: Http, brand: string) {
    this.#http = http;
    this.#path = `/brands/${brand}`;
  }

  async load(): Promise<IdentityKey[]> {
    return (await this.#http.get<Keyed>(this.#path)).identity_keys;
  }

  /** With the key among them; what was pasted around it is no part of it, for nobody could see that again. */
  add({ id, algorithm, key }: NewKey): Promise<IdentityKey[]> {
    return this.#change((there) => [...there, { id: id.trim(), algorithm, key: key.trim() }]);
  }

  /** Without it. */
  remove(id: string): Promise<IdentityKey[]> {
    return this.#change((there) => there.filter((key) => key.id !== id));
  }

  /** The others are named, so that they stay; what somebody else changed just before is a conflict. */
  async #change(to: (there: { id: string }[]) => object[]): Promise<IdentityKey[]> {
    const { version, identity_keys } = await this.#http.get<Keyed>(this.#path);
    const keys = to(identity_keys.map(({ id }) => ({ id })));
    return (await this.#http.patch<Keyed>(this.#path, { identity_keys: keys }, version)).identity_keys;
  }
}
