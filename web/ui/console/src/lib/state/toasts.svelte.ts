/** Short notices: what went well goes after five seconds, what went wrong stays, what takes long is told until it is over. */
import type { Toast } from '@switchboard/kit';

const LASTS = 5_000;
/** Notices at once; the oldest give way. */
const TOASTS_MAX = 4;

export class ToastList {
  all = $state.raw<readonly Toast[]>([]);
  readonly #during = new Map<string, { id: number; count: number }>();
  #last = 0;

  /** The same again takes the place of what it repeats. */
  say(text: string, action?: Toast['action']): void {
    if (!action) this.all = this.all.filter((toast) => toast.wrong || toast.action || toast.text !== text);
    const id = this.#put({ text, action });
    setTimeout(() => this.close(id), LASTS);
  }

  /** Something did not work; it stays until it is closed, and is not said twice. */
  wrong(text: string, action?: Toast['action']): void {
    this.all = this.all.filter((toast) => !(toast.wrong && toast.text === text));
    this.#put({ text, wrong: true, action });
  }

  /** Something is under way that takes long: it is said, once, until every function that was returned is called. */
  during(text: string): () => void {
    const said = this.#during.get(text) ?? { id: this.#put({ text, busy: true }), count: 0 };
    said.count++;
    this.#during.set(text, said);
    return () => {
      if (--said.count > 0) return;
      this.#during.delete(text);
      this.close(said.id);
    };
  }

  close(id: number): void {
    this.all = this.all.filter((toast) => toast.id !== id);
  }

  #put(toast: Omit<Toast, 'id'>): number {
    const id = ++this.#last;
    this.all = [...this.all, { ...toast, id }].slice(-TOASTS_MAX);
    return id;
  }
}
