/** Desktop notices: only when the window is hidden, and only if the operator wants them. */

export interface Notice {
  /** One notice for each; a newer one takes the place of the older. */
  tag: string;
  title: string;
  body?: string | undefined;
  onclick: () => void;
}

export class Notices {
  readonly #open = new Map<string, Notification>();

  get possible(): boolean {
    return typeof Notification !== 'undefined';
  }

  get refused(): boolean {
    return this.possible && Notification.permission === 'denied';
  }

  /** Asks the operator once; true when notices may be shown. */
  async allow(): Promise<boolean> {
    return this.possible && (await Notification.requestPermission()) === 'granted';
  }

  show({ tag, title, body, onclick }: Notice): void {
    if (!this.possible || document.visibilityState !== 'hidden' || Notification.permission !== 'granted') return;
    const shown = new Notification(title, { tag, ...(body ? { body } : {}) });
    shown.onclick = () => {
      window.focus();
      shown.close();
      onclick();
    };
    this.#open.set(tag, shown);
  }

  close(tag: string): void {
    this.#open.get(tag)?.close();
    this.#open.delete(tag);
  }
}
