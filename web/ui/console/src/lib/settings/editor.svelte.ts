/** One thing of the settings, loaded, changed and saved: what its page shows is all here. */
import { Problem } from '../http';
import { Form, type Values } from './form.svelte';

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
      if (!form.rebase(await this.#subject.load())) return false;
      for (const step of this.#subject.steps(form)) {
        try {
          await step.run();
        } catch (error) {
          this.#refused(error, step);
          return false;
        }
        form.kept(step.keys);
      }
      return true;
    } catch (error) {
      if (error instanceof Problem && error.code === 'not_found') this.state = 'missing';
      this.failure = `Not saved: ${reasonOf(error)}`;
      return false;
    } finally {
      this.saving = false;
    }
  }

  #refused(error: unknown, { keys }: Step): void {
    const field = error instanceof Problem ? error.field : undefined;
    const key = keys.find((one) => one === field) ?? (field !== undefined ? keys[0] : undefined);
    if (key !== undefined) this.form.wrong = { ...this.form.wrong, [key]: sentence(reasonOf(error)) };
    else this.failure = `Not saved: ${reasonOf(error)}`;
  }
}

/** What went wrong, for people. */
export function reasonOf(error: unknown): string {
  return error instanceof Problem ? error.message : 'something went wrong in this page';
}

/** With a capital at its beginning. */
export function sentence(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}
