/** Whether somebody works at this window: the server is told now and then, for who does nothing is set to away. */

/** Told at most this often; the server counts in minutes. */
const TOLD_EVERY = 15_000;
const SIGNS = ['pointerdown', 'pointermove', 'keydown', 'wheel', 'touchstart'] as const;

export class Activity {
  #toldAt = -Infinity;

  /** `tell` says it; whether it arrived does not matter, for the next sign follows. */
  constructor(
    private readonly tell: () => void,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Watches a window until the answer is called. */
  watch(window: EventTarget): () => void {
    const seen = (): void => this.seen();
    for (const sign of SIGNS) window.addEventListener(sign, seen, { passive: true, capture: true });
    return () => {
      for (const sign of SIGNS) window.removeEventListener(sign, seen, { capture: true });
    };
  }

  /** Somebody did something. */
  seen(): void {
    const now = this.now();
    if (now - this.#toldAt < TOLD_EVERY) return;
    this.#toldAt = now;
    this.tell();
  }
}
