/** The server's HTTP side: JSON in and out, failures as `Problem` with the contract's code. */

/** What went wrong, by code; `offline` is our own, for a server that cannot be reached. */
export class Problem extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly status: number,
    readonly field?: string,
    readonly retryAfterMs?: number,
    /** The reason of a conflict. */
    readonly why?: string,
  ) {
    super(message);
  }
}

/** Where requests go; tests put their own in its place. */
export type Fetch = (path: string, init: RequestInit) => Promise<Response>;

/** After this time without an answer a request has failed. */
const ANSWER_WITHIN = 10_000;

export class Http {
  /** What unsafe methods must bear; given at sign-in. */
  csrf: string | null = null;
  /** Told when the server no longer knows the session. */
  onSignedOut: (() => void) | null = null;

  readonly #fetch: Fetch;

  constructor(fetcher: Fetch = (path, init) => fetch(path, init)) {
    this.#fetch = fetcher;
  }

  get<T>(path: string, query: Record<string, string | number | undefined> = {}): Promise<T> {
    const pairs = Object.entries(query).filter(([, value]) => value !== undefined && value !== '');
    const search = new URLSearchParams(pairs.map(([key, value]) => [key, String(value)])).toString();
    return this.#ask<T>('GET', search ? `${path}?${search}` : path);
  }

  /** With a key the same request can be sent again: what it did is done once. */
  post<T>(path: string, body: unknown = {}, key?: string): Promise<T> {
    return this.#ask<T>('POST', path, body, key);
  }

  /** With a version only that one is changed: a later one is a conflict, `why: changed`. */
  patch<T>(path: string, body: unknown, version?: number): Promise<T> {
    return this.#ask<T>('PATCH', path, body, undefined, version);
  }

  /** What is in the way still, where it goes on without us; else nothing. */
  remove(path: string, version?: number): Promise<unknown> {
    return this.#ask<unknown>('DELETE', path, undefined, undefined, version);
  }

  async #ask<T>(method: string, path: string, body?: unknown, key?: string, version?: number): Promise<T> {
    const headers: Record<string, string> = { accept: 'application/json' };
    if (key !== undefined) headers['idempotency-key'] = key;
    if (version !== undefined) headers['if-match'] = `"${version}"`;
    if (body !== undefined) headers['content-type'] = 'application/json';
    if (method !== 'GET' && this.csrf) headers['x-csrf-token'] = this.csrf;
    let answer: Response;
    try {
      answer = await this.#fetch(`/api/v1${path}`, {
        method,
        headers,
        credentials: 'same-origin',
        signal: AbortSignal.timeout(ANSWER_WITHIN),
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    } catch (error) {
      const late = error instanceof DOMException && error.name === 'TimeoutError';
      throw new Problem('offline', late ? 'The server took longer than 10 s' : 'The server cannot be reached', 0);
    }
    if (answer.ok) return (answer.status === 204 ? undefined : await answer.json()) as T;
    const problem = await readProblem(answer);
    if (problem.status === 401 && !path.startsWith('/auth/')) this.onSignedOut?.();
    throw problem;
  }
}

async function readProblem(answer: Response): Promise<Problem> {
  const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
  try {
    const body = (await answer.json()) as Record<string, unknown>;
    const retry = typeof body['retry_after_ms'] === 'number' ? body['retry_after_ms'] : undefined;
    const words = text(body['detail']) ?? text(body['title']) ?? `The server answered ${answer.status}`;
    const [field, why] = [text(body['field']), text(body['why'])];
    return new Problem(text(body['code']) ?? 'internal', words, answer.status, field, retry, why);
  } catch {
    const code = answer.status >= 500 ? 'unavailable' : 'internal';
    return new Problem(code, `The server answered ${answer.status}`, answer.status);
  }
}
