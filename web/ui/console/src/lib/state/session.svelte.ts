/** Who is signed in here. */
import type { Myself, Permission } from '@switchboard/protocol';
import { type Http, Problem } from '../http';

interface SignedIn {
  operator: Myself;
  permissions: Permission[];
  csrf_token: string;
}

/** Why signing in did not work, and when it may be tried again (milliseconds since 1970). */
export interface SignInFailure {
  title: string;
  say: string;
  pauseUntil: number | null;
  field: string | undefined;
}

export class Session {
  state = $state<'unknown' | 'unreachable' | 'out' | 'in'>('unknown');
  operator = $state.raw<Myself | null>(null);
  permissions = $state.raw<readonly Permission[]>([]);
  /** It was there, and ended without us. */
  ended = $state(false);
  failure = $state.raw<SignInFailure | null>(null);
  busy = $state(false);
  /** Somebody has just signed in by hand, and may be asked what they begin with. */
  fresh = $state(false);
  readonly #http: Http;

  constructor(http: Http) {
    this.#http = http;
    http.onSignedOut = () => this.lost();
  }

  /** Asks who we are. */
  async resume(): Promise<void> {
    try {
      this.#enter(await this.#http.get<SignedIn>('/auth/me'));
    } catch (error) {
      const known = error instanceof Problem && (error.status === 401 || error.status === 403);
      this.state = known ? 'out' : 'unreachable';
    }
  }

  async signIn(email: string, password: string): Promise<void> {
    this.busy = true;
    try {
      this.#enter(await this.#http.post<SignedIn>('/auth/login', { email: email.trim(), password }));
      this.fresh = true;
    } catch (error) {
      this.failure = failureOf(error, Date.now());
    } finally {
      this.busy = false;
    }
  }

  /** Ends the session; throws what went wrong where the server may know it still. */
  async signOut(): Promise<void> {
    try {
      await this.#http.post('/auth/logout');
    } catch (error) {
      // Not known there any more: ended meanwhile, or an earlier try came through whose answer was lost.
      const gone = this.state !== 'in' || (error instanceof Problem && error.status === 401);
      if (!gone) throw error;
    }
    this.#leave(false);
  }

  /** The server does not know our session any more. */
  lost(): void {
    if (this.state === 'in') this.#leave(true);
  }

  /** Somebody set how many chats we hold at once. */
  limited(limit: number | null): void {
    if (this.operator) this.operator = { ...this.operator, limit };
  }

  may(permission: Permission): boolean {
    return this.permissions.includes(permission);
  }

  #enter({ operator, permissions, csrf_token }: SignedIn): void {
    this.#http.csrf = csrf_token;
    this.operator = operator;
    this.permissions = permissions;
    this.failure = null;
    this.ended = false;
    this.state = 'in';
  }

  #leave(ended: boolean): void {
    this.#http.csrf = null;
    this.operator = null;
    this.permissions = [];
    this.ended = ended;
    this.fresh = false;
    this.state = 'out';
  }
}

/** What to say of a failure to sign in. */
export function failureOf(error: unknown, now: number): SignInFailure {
  const plain = { pauseUntil: null, field: undefined };
  if (!(error instanceof Problem)) return { ...plain, title: 'Signing in did not work.', say: 'Try again.' };
  if (error.code === 'rate_limited')
    return {
      title: 'Too many tries.',
      say: 'There is a pause to keep the account safe.',
      pauseUntil: now + (error.retryAfterMs ?? 0),
      field: undefined,
    };
  if (error.status === 401)
    return { ...plain, title: 'E-mail or password is not right.', say: 'After several wrong tries there is a pause.' };
  if (error.code === 'invalid')
    return { ...plain, title: 'That cannot be right.', say: error.message, field: error.field };
  if (error.code === 'offline') return { ...plain, title: 'No connection.', say: `${error.message}. Try again.` };
  return { ...plain, title: 'The server could not sign you in.', say: `${error.message} (${error.code})` };
}
