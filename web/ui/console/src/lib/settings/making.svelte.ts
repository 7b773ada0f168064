/** Something new is being made: what is wrong with it as it is written, and the one request that makes it. */
import { newId } from '@switchboard/protocol';
import { type Http, Problem } from '../http';
import type { SectionId } from '../state/router.svelte';
import { reasonOf, sentence } from './editor.svelte';

export class Making {
  /** What is wrong, in words, by field. */
  wrong = $state.raw<Readonly<Record<string, string>>>({});
  /** Why it is not made, where no field is to blame. */
  refused = $state('');
  busy = $state(false);
  // The answer may get lost: the same request is sent again under the same key.
  #key = newId();

  constructor(
    private readonly http: Http,
    readonly section: SectionId,
    /** Fields that are shown: what is wrong with others is said below them. */
    private readonly fields: readonly string[],
  ) {}

  /** Its id once it is made; null when it is not, and why is here. `wrong` is what is known before it is asked for. */
  async make(wrong: Readonly<Record<string, string>>, wanted: object): Promise<string | null> {
    this.refused = '';
    this.wrong = wrong;
    if (Object.keys(wrong).length > 0) return null;
    this.busy = true;
    try {
      const { id } = await this.http.post<{ id: string }>(`/${this.section}`, wanted, this.#key);
      return id;
    } catch (error) {
      const field = error instanceof Problem ? error.field : undefined;
      if (field !== undefined && this.fields.includes(field)) this.wrong = { [field]: sentence(reasonOf(error)) };
      else this.refused = `Not made: ${reasonOf(error)}`;
      if (error instanceof Problem && error.code !== 'offline') this.#key = newId();
      return null;
    } finally {
      this.busy = false;
    }
  }
}

/** What is wrong with an id that people choose, among those there are. */
export function idWrong(id: string, what: string, taken: readonly { id: string }[]): Record<string, string> {
  if (!/^[A-Za-z0-9_-]{1,64}$/.test(id)) return { id: '1 to 64 of A-Z a-z 0-9 _ -' };
  return taken.some((one) => one.id === id) ? { id: `There is a ${what} with this id` } : {};
}

/** What is wrong with a name. */
export function nameWrong(name: string, what: string): Record<string, string> {
  return name.trim() === '' ? { name: `A ${what} needs a name` } : {};
}
