/** The one ticker: everything on screen that counts seconds reads it, so that all change in the same frame. */
export class Clock {
  /** The server's time as far as we know, milliseconds since 1970; changes once a second. */
  now = $state(Date.now());
  /** What the server's clock is ahead of ours. */
  #ahead = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  start(): void {
    this.stop();
    this.#tick();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  /** The server has told its time. */
  set(serverTime: string): void {
    const server = Date.parse(serverTime);
    if (Number.isNaN(server)) return;
    this.#ahead = server - Date.now();
    this.now = server;
  }

  /** The server's time at this moment, between ticks too. */
  exact(): number {
    return Date.now() + this.#ahead;
  }

  #tick = (): void => {
    const now = this.exact();
    this.now = now;
    this.#timer = setTimeout(this.#tick, 1000 - (now % 1000));
  };
}
