/** The console's few notes, made on the spot: soft sines, no files. */

/** One note: its pitch in hertz, when it begins and how long it lasts, in seconds. */
type Note = readonly [pitch: number, at: number, lasts: number];

const REQUEST: readonly Note[] = [
  [587.33, 0, 0.34],
  [783.99, 0.17, 0.5],
];
const MESSAGE: readonly Note[] = [[659.25, 0, 0.32]];
const QUEUE: readonly Note[] = [[293.66, 0, 0.6]];

/** A request sounds again after this time, until it is gone. */
export const REQUEST_EVERY = 4_000;
/** New messages sound at most this often. */
const MESSAGE_EVERY = 10_000;
/** The loudest a note gets; full volume is still soft. */
const PEAK = 0.22;

/** Plays notes at a volume of 0 to 100; tests listen in its place. */
export type Play = (notes: readonly Note[], volume: number) => void;

export class Sounds {
  #ringing: ReturnType<typeof setInterval> | null = null;
  #messageAt = -Infinity;
  readonly #play: Play;

  constructor(play: Play) {
    this.#play = play;
  }

  /** Rings while `on`: at once, then every four seconds. */
  ring(on: boolean, volume: () => number): void {
    if (on === (this.#ringing !== null)) return;
    if (!on) {
      if (this.#ringing !== null) clearInterval(this.#ringing);
      this.#ringing = null;
      return;
    }
    const once = (): void => this.#play(REQUEST, volume());
    once();
    this.#ringing = setInterval(once, REQUEST_EVERY);
  }

  /** A new message in a chat that is not in view. */
  message(volume: number, now = Date.now()): void {
    if (now - this.#messageAt < MESSAGE_EVERY) return;
    this.#messageAt = now;
    this.#play(MESSAGE, volume);
  }

  /** Somebody waits whom nobody is rung for. */
  queue(volume: number): void {
    this.#play(QUEUE, volume);
  }

  /** For setting the volume: what it will be like. */
  sample(kind: 'request' | 'message' | 'queue', volume: number): void {
    this.#play({ request: REQUEST, message: MESSAGE, queue: QUEUE }[kind], volume);
  }
}

/** Plays in the browser. Before the first key or click browsers keep silent, and asking them to play is an error. */
export function browserPlay(): Play {
  let context: AudioContext | null = null;
  return (notes, volume) => {
    if (volume <= 0 || !navigator.userActivation.hasBeenActive) return;
    context ??= new AudioContext();
    if (context.state === 'suspended') void context.resume();
    for (const [pitch, at, lasts] of notes) {
      const start = context.currentTime + at;
      const gain = context.createGain();
      gain.gain.setValueAtTime(0, start);
      gain.gain.linearRampToValueAtTime((PEAK * volume) / 100, start + 0.02);
      gain.gain.exponentialRampToValueAtTime(0.0001, start + lasts);
      const tone = context.createOscillator();
      tone.type = 'sine';
      tone.frequency.value = pitch;
      tone.connect(gain).connect(context.destination);
      tone.start(start);
      tone.stop(start + lasts + 0.02);
    }
  };
}
