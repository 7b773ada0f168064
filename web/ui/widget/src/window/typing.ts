// Tells the other side that somebody writes: often enough to be live, seldom enough to cost nothing.

/** Shortest time between two notices. */
const EVERY = 1_000;
/** After this time without a key the visitor has stopped. */
const STOPS_AFTER = 5_000;
/** Characters of the preview; the server passes on no more. */
const PREVIEW = 200;

export class TypingNotices {
  #on = false;
  #text = '';
  #sentAt = -Infinity;
  #later: ReturnType<typeof setTimeout> | undefined;
  #stop: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly send: (on: boolean, preview: string) => void) {}

  /** The box holds this text now. */
  wrote(text: string): void {
    clearTimeout(this.#stop);
    if (text.trim() === '') return this.stopped();
    this.#text = text;
    this.#stop = setTimeout(() => this.stopped(), STOPS_AFTER);
    clearTimeout(this.#later);
    const wait = this.#sentAt + EVERY - Date.now();
    if (wait > 0) this.#later = setTimeout(() => this.#tell(), wait);
    else this.#tell();
  }

  /** The box is empty, was sent, or was left. */
  stopped(): void {
    clearTimeout(this.#later);
    clearTimeout(this.#stop);
    if (this.#on) this.send(false, '');
    this.#on = false;
    this.#sentAt = -Infinity;
  }

  #tell(): void {
    this.#on = true;
    this.#sentAt = Date.now();
    this.send(true, [...this.#text].slice(0, PREVIEW).join(''));
  }
}
