/** What one operator likes, remembered in this browser. */
import type { Shelf } from '@switchboard/protocol';
import type { Sort } from './chats.svelte';

export type Theme = 'system' | 'light' | 'dark';
export type Density = 'comfortable' | 'compact';

interface Kept {
  theme: Theme;
  density: Density;
  sort: Sort;
  /** 0 to 100; 0 is off. */
  requestVolume: number;
  messageVolume: number;
  queueVolume: number;
  /** Desktop notices when the window is hidden. */
  notices: boolean;
  /** Whether notices show the text too. */
  noticeText: boolean;
  /** Widths that were pulled, in pixels; none is what fits the window. */
  listWidth: number | null;
  detailsWidth: number | null;
}

const USUAL: Kept = {
  theme: 'system',
  density: 'comfortable',
  sort: 'idle',
  requestVolume: 60,
  messageVolume: 40,
  queueVolume: 40,
  notices: false,
  noticeText: false,
  listWidth: null,
  detailsWidth: null,
};
const KEY = 'switchboard.preferences';

export class Preferences {
  #kept = $state.raw<Kept>(USUAL);
  readonly #shelf: Shelf;

  constructor(shelf: Shelf) {
    this.#shelf = shelf;
    this.#kept = read(shelf.read(KEY));
  }

  get is(): Readonly<Kept> {
    return this.#kept;
  }

  set(change: Partial<Kept>): void {
    this.#kept = { ...this.#kept, ...change };
    this.#shelf.write(KEY, JSON.stringify(this.#kept));
  }
}

/** What was kept, field by field: one that is not of its kind is what is usual. */
function read(text: string | null): Kept {
  let kept: Record<string, unknown>;
  try {
    kept = { ...(JSON.parse(text ?? '{}') as object) };
  } catch {
    return USUAL;
  }
  const of = <T>(value: unknown, all: readonly T[], usual: T): T => (all.includes(value as T) ? (value as T) : usual);
  const figure = <T>(value: unknown, usual: T): number | T =>
    typeof value === 'number' && Number.isFinite(value) ? value : usual;
  return {
    theme: of(kept['theme'], ['system', 'light', 'dark'], USUAL.theme),
    density: of(kept['density'], ['comfortable', 'compact'], USUAL.density),
    sort: of(kept['sort'], ['idle', 'activity', 'longest'], USUAL.sort),
    requestVolume: figure(kept['requestVolume'], USUAL.requestVolume),
    messageVolume: figure(kept['messageVolume'], USUAL.messageVolume),
    queueVolume: figure(kept['queueVolume'], USUAL.queueVolume),
    notices: kept['notices'] === true,
    noticeText: kept['noticeText'] === true,
    listWidth: figure(kept['listWidth'], null),
    detailsWidth: figure(kept['detailsWidth'], null),
  };
}
