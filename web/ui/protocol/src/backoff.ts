// How long to wait before another try, so that many clients that failed together do not come back together.

/** Full jitter: anything between `min` and a ceiling that doubles with every failure up to `max`, in milliseconds. */
export class Backoff {
  #failures = 0;

  constructor(
    private readonly random: () => number = Math.random,
    private readonly min = 500,
    private readonly max = 30_000,
  ) {}

  /** The wait after one more failure. */
  next(): number {
    const ceiling = Math.min(this.max, this.min * 2 ** Math.min(++this.#failures, 20));
    return this.min + Math.round(this.random() * (ceiling - this.min));
  }

  /** It works again. */
  reset(): void {
    this.#failures = 0;
  }
}
