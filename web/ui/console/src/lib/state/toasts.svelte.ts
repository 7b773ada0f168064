/** Short notices: what went well goes after five seconds, what went wrong stays. */
import type { Toast } from '@switchboard/kit';

const LASTS = 5_000;
/** Notices at once; the oldest give way. */
const TOASTS_MAX = 4;

export class ToastList {
  all = $state.raw<readonly Toast[]>([]);
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

  close(id: number): void {
    this.all = this.all.filter((toast) => toast.id !== id);
  }

  #put(toast: Omit<Toast, 'id'>): number {
    const id = ++this.#last;
    this.all = [...this.all, { ...toast, id }].slice(-TOASTS_MAX);
    return id;
  }
}
