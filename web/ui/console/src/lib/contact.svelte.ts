/** The contact of a chat: what is set of them, and what is being written. */
import { type Http, Problem } from './http';
import { stepsOf } from './settings/department';
import { reasonOf } from './settings/editor.svelte';
import { PRIORITY_MAX } from './settings/rules';

interface Set {
  version: number;
  priority: number;
}

export class Contact {
  /** Steps by which their chats are moved ahead; none while that is not known. */
  priority = $state<number | null>(null);
  typed = $state('');
  wrong = $state('');
  saving = $state(false);
  readonly dirty = $derived(this.priority !== null && this.typed.trim() !== String(this.priority));
  #version: number | undefined;
  readonly #http: Http;
  readonly #path: string;

  constructor(http: Http, chat: string) {
    this.#http = http;
    this.#path = `/chats/${chat}/contact`;
  }

  /** What cannot be read is not shown: it is a detail of the chat, not the chat. */
  async load(): Promise<void> {
    await this.#http.get<Set>(this.#path).then((set) => this.#is(set), () => {});
  }

  write(typed: string): void {
    this.typed = typed;
    this.wrong = '';
  }

  /** Saves what is written; true when it is. */
  async save(): Promise<boolean> {
    const steps = stepsOf(this.typed);
    if (steps === null) {
      this.wrong = `Expected -${PRIORITY_MAX} to ${PRIORITY_MAX} steps`;
      return false;
    }
    this.saving = true;
    this.wrong = '';
    try {
      this.#is(await this.#http.patch<Set>(this.#path, { priority: steps }, this.#version));
      return true;
    } catch (error) {
      this.wrong = `Not saved: ${reasonOf(error)}`;
      if (error instanceof Problem && error.why === 'changed') await this.#readAgain();
      return false;
    } finally {
      this.saving = false;
    }
  }

  /** Somebody else has set it: the next save is of what counts now, and what is typed stays. */
  async #readAgain(): Promise<void> {
    await this.#http.get<Set>(this.#path).then((set) => this.#counts(set), () => {});
  }

  #is(set: Set): void {
    this.#counts(set);
    this.typed = String(set.priority);
  }

  #counts({ version, priority }: Set): void {
    this.#version = version;
    this.priority = priority;
  }
}
