/** Keyboard shortcuts: `Alt+A`, single letters such as `T`, and sequences such as `G C`. */

/** What can be done; the palette and the help list the same ones. */
export interface Action {
  id: string;
  label: string;
  hint?: string;
  section: string;
  /** As written on the key caps: `Alt+A`, `G C`, `?`. */
  keys?: string;
  /** Whether it can be done now. */
  can: () => boolean;
  run: () => void;
}

/** The part of a key press that is looked at. */
export interface Press {
  key: string;
  code: string;
  altKey: boolean;
  ctrlKey: boolean;
  metaKey: boolean;
  shiftKey: boolean;
  /** In a text field: single letters are text there. */
  inText: boolean;
}

/** The second key of a sequence must come within this time, in milliseconds. */
const SEQUENCE_WITHIN = 1_200;

export class Keys {
  readonly #actions: () => readonly Action[];
  #first: { key: string; at: number } | null = null;

  constructor(actions: () => readonly Action[]) {
    this.#actions = actions;
  }

  /** Does what the press asks for; true when it asked for something. `at` is when the key went down, in milliseconds. */
  press(press: Press, at: number): boolean {
    const pressed = name(press);
    if (pressed === null) return false;
    const plain = !pressed.includes('+');
    if (plain && press.inText) return false;
    const before = this.#first;
    this.#first = null;
    if (plain && before && at - before.at <= SEQUENCE_WITHIN && this.#run(`${before.key} ${pressed}`)) return true;
    if (this.#run(pressed)) return true;
    if (plain && this.#actions().some((action) => action.keys?.startsWith(`${pressed} `)))
      this.#first = { key: pressed, at };
    return false;
  }

  #run(keys: string): boolean {
    const action = this.#actions().find((one) => one.keys === keys && one.can());
    action?.run();
    return action !== undefined;
  }
}

/** The name of a press: by the letter's place with Alt, where the letter itself may be another one. */
function name({ key, code, altKey, ctrlKey, metaKey }: Press): string | null {
  const letter = /^(?:Key([A-Z])|Digit([0-9]))$/.exec(code);
  const plain = letter?.[1] ?? letter?.[2];
  if (altKey) return ctrlKey || metaKey || !plain ? null : `Alt+${plain}`;
  if (ctrlKey || metaKey) return plain ? `Ctrl+${plain}` : null;
  if (key === '?') return '?';
  return key.length === 1 && /[a-z]/i.test(key) ? key.toUpperCase() : null;
}
