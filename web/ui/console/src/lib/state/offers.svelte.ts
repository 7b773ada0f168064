/** What rings: offers, the one that expires soonest first, and those that are over for as long as they say so. */
import type { Offer, OfferEnd } from '@switchboard/protocol';

/** One offer on screen. */
export interface Ringing {
  offer: Offer;
  /** When it stops; none rings until the server says otherwise. */
  expiresAt: number | null;
  /** Its whole time, as far as we saw it, for the ring. */
  total: number;
  answering: 'accept' | 'decline' | null;
  /** It rings no more. */
  gone: { why: OfferEnd; by?: string | undefined; until: number } | null;
}

/** How long a card says that its offer is over. */
export const GONE_LASTS = 2_000;
/** What an offer rings unless the group says otherwise; a window that opens in its middle cannot know better. */
const USUAL_TIME = 20_000;
/** The server's word that an offer expired may be this late before we believe the clock alone. */
const EXPIRY_SLACK = 1_500;

export class Offers {
  all = $state.raw<readonly Ringing[]>([]);
  readonly ringing = $derived(this.all.filter((one) => one.gone === null));

  /** Everything that rings, as the server told it at once. */
  replace(offers: readonly Offer[], now: number): void {
    const known = new Map(this.all.map((one) => [one.offer.offer, one]));
    this.#set(
      offers.map((offer) => ({ ...(known.get(offer.offer) ?? fresh(offer, now)), gone: null, answering: null })),
    );
  }

  /** One more; a doubled one changes nothing. True when it is new. */
  add(offer: Offer, now: number): boolean {
    if (this.all.some((one) => one.offer.offer === offer.offer)) return false;
    this.#set([...this.all, fresh(offer, now)]);
    return true;
  }

  /** It rings no more: its card says why for two seconds, in its place. Our own answers need no words. */
  gone(offer: string, why: OfferEnd, by: string | undefined, now: number): void {
    const one = this.all.find((each) => each.offer.offer === offer);
    if (!one || one.gone) return;
    const own = one.answering !== null && (why === 'declined' || (why === 'taken' && by === undefined));
    if (own) this.remove(offer);
    else this.#change(offer, { gone: { why, by, until: now + GONE_LASTS }, answering: null });
  }

  answering(offer: string, how: 'accept' | 'decline' | null): void {
    this.#change(offer, { answering: how });
  }

  remove(offer: string): void {
    this.#set(this.all.filter((one) => one.offer.offer !== offer));
  }

  /** A second has passed: cards that had their time fold, offers that nobody took back expire. */
  tick(now: number): void {
    for (const one of this.all) {
      if (one.gone && now >= one.gone.until) this.remove(one.offer.offer);
      else if (!one.gone && one.expiresAt !== null && now >= one.expiresAt + EXPIRY_SLACK)
        this.gone(one.offer.offer, 'expired', undefined, now);
    }
  }

  #change(offer: string, change: Partial<Ringing>): void {
    this.#set(this.all.map((one) => (one.offer.offer === offer ? { ...one, ...change } : one)));
  }

  #set(all: readonly Ringing[]): void {
    this.all = [...all].sort((a, b) => (a.expiresAt ?? Infinity) - (b.expiresAt ?? Infinity) || byAge(a, b));
  }
}

function fresh(offer: Offer, now: number): Ringing {
  const expiresAt = offer.expires_at ? Date.parse(offer.expires_at) : null;
  const total = Math.max(USUAL_TIME, expiresAt === null ? 0 : expiresAt - now);
  return { offer, expiresAt, total, answering: null, gone: null };
}

function byAge(a: Ringing, b: Ringing): number {
  return a.offer.offer < b.offer.offer ? -1 : 1;
}
