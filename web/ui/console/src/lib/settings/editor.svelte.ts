/** One thing of the settings, loaded, changed and saved: what its page shows is all here. */
import { type Http, Problem } from '../http';
import { Form, type Values, within } from './form.svelte';

/** One request of a save, and the keys it saves. */
export interface Step {
  keys: readonly string[];
  run: () => Promise<unknown>;
}

/** What differs between groups and operators. */
export interface Subject {
  load: () => Promise<Values>;
  /** What is wrong, by key, before anything is sent. */
  check: (values: Values) => Record<string, string>;
  /** The requests that save the changed keys, in order. */
  steps: (form: Form) => Step[];
}

export class Editor {
  readonly form = new Form();
  state = $state<'loading' | 'there' | 'missing' | 'forbidden' | 'failed'>('loading');
  /** Why it did not load, as a code to quote. */
  problem = $state('');
  saving = $state(false);
  /** Why the last save came to nothing, in words, where no field is to blame. */
  failure = $state('');
  readonly #subject: Subject;

  constructor(subject: Subject) {
    this.#subject = subject;
  }

  get dirty(): boolean {
    return this.state === 'there' && this.form.changed.length > 0;
  }

  /** A field was changed. */
  set(key: string, value: unknown): void {
    this.failure = '';
    this.form.set(key, value);
  }

  discard(): void {
    this.failure = '';
    this.form.discard();
  }

  /** It was deleted: there is nothing left to save. */
  drop(): void {
    this.state = 'missing';
  }

  async load(): Promise<void> {
    this.state = 'loading';
    try {
      this.form.fill(await this.#subject.load());
      this.state = 'there';
    } catch (error) {
      this.problem = error instanceof Problem ? error.code : 'internal';
      this.state = this.problem === 'not_found' ? 'missing' : this.problem === 'forbidden' ? 'forbidden' : 'failed';
    }
  }

  /** Saves what is changed; true when all of it is. What was saved before a refusal stays saved. */
  async save(): Promise<boolean> {
    const { form } = this;
    if (this.saving || form.changed.length === 0) return false;
    form.wrong = this.#subject.check(form.values);
    this.failure = '';
    if (Object.keys(form.wrong).length > 0) return false;
    this.saving = true;
    try {
      return (await this.#attempt()) ?? (await this.#attempt(true)) ?? false;
    } catch (error) {
      if (error instanceof Problem && error.code === 'not_found') this.state = 'missing';
      this.failure = `Not saved: ${reasonOf(error)}`;
      return false;
    } finally {
      this.saving = false;
    }
  }

  /** Saves what differs from what is saved now; null when that was changed just before we wrote. */
  async #attempt(last = false): Promise<boolean | null> {
    const { form } = this;
    if (!form.rebase(await this.#subject.load())) return false;
    for (const step of this.#subject.steps(form)) {
      try {
        await step.run();
      } catch (error) {
        if (!last && error instanceof Problem && error.why === 'changed') return null;
        this.#refused(error, step);
        return false;
      }
      form.kept(step.keys);
    }
    return true;
  }

  #refused(error: unknown, { keys }: Step): void {
    const field = error instanceof Problem ? error.field : undefined;
    const words = reasonOf(error);
    const known = field !== undefined && keys.some((key) => within(field, key));
    // A request for one key alone speaks of nothing else.
    const at = known ? field : field !== undefined && keys.length === 1 ? keys[0] : undefined;
    if (at !== undefined) this.form.wrong = { ...this.form.wrong, [at]: sentence(words) };
    else this.failure = `Not saved: ${field === undefined ? '' : `${field}: `}${words}`;
  }
}

/** The one request that changes the thing itself: only what was changed, and only that version of it. */
export function patchSteps(
  http: Http,
  path: string,
  form: Form,
  own: readonly string[],
  sent: (key: string) => unknown,
  version: number | undefined,
): Step[] {
  const keys = own.filter((key) => form.changed.includes(key));
  const body = Object.fromEntries(keys.map((key) => [key, sent(key)]));
  return keys.length > 0 ? [{ keys, run: () => http.patch(path, body, version) }] : [];
}

/** What went wrong, for people. */
export function reasonOf(error: unknown): string {
  return error instanceof Problem ? error.message : 'something went wrong in this page';
}

/** With a capital at its beginning. */
export function sentence(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}
