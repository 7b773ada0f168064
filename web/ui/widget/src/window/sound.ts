// One short note for a message that nobody saw come.

/** Several tabs hear the same message; only one of them sounds. */
const QUIET_FOR = 1_500;
const NOTE = { hertz: 740, seconds: 0.22, volume: 0.12 };

let audio: AudioContext | null = null;

/** Browsers allow sound only after the person has done something here; until then this is silent. */
export function ring(storage: Storage | null): void {
  const last = Number(storage?.getItem('switchboard.rang') ?? 0);
  if (Date.now() - last < QUIET_FOR) return;
  storage?.setItem('switchboard.rang', String(Date.now()));
  if (!('AudioContext' in globalThis)) return;
  audio ??= new AudioContext();
  void audio.resume().then(() => play(audio!), () => {});
}

function play(context: AudioContext): void {
  const [start, end] = [context.currentTime, context.currentTime + NOTE.seconds];
  const tone = new OscillatorNode(context, { type: 'sine', frequency: NOTE.hertz });
  const gain = new GainNode(context, { gain: 0 });
  gain.gain.linearRampToValueAtTime(NOTE.volume, start + 0.015);
  gain.gain.exponentialRampToValueAtTime(0.0001, end);
  tone.connect(gain).connect(context.destination);
  tone.start(start);
  tone.stop(end);
}
