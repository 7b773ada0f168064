/** What groups, departments and brands are called: one's own from `welcome`, others from the server where one may read them. */
import type { MyGroup } from '@switchboard/protocol';
import { SvelteMap, SvelteSet } from 'svelte/reactivity';
import type { Http } from './http';
import type { LostOperator } from './settings/staff';

interface Named {
  id: string;
  name: string;
}

interface Group extends Named {
  department?: string;
  /** Which groups help it, and after what wait. */
  overflow?: { after_s: number; groups: readonly string[] } | null;
  /** What becomes of a chat whose operator is lost beyond the grace. */
  lost_operator?: LostOperator;
}

export class Directory {
  readonly #names = new SvelteMap<string, string>();
  readonly #departments = new SvelteMap<string, string>();
  readonly #overflow = new SvelteMap<string, NonNullable<Group['overflow']>>();
  readonly #requeues = new SvelteSet<string>();
  readonly #brands = new SvelteMap<string, string>();
  /** The department of each group. */
  readonly #within = new SvelteMap<string, string>();
  #own = $state.raw<readonly MyGroup[]>([]);

  get own(): readonly MyGroup[] {
    return this.#own;
  }

  setOwn(groups: readonly MyGroup[]): void {
    this.#own = groups;
    for (const { id, name, department } of groups) {
      this.#names.set(id, name);
      this.#within.set(id, department);
    }
  }

  /** Learns the names of groups one is no member of, of departments and of brands; what has no name is shown by its id. */
  async learn(http: Http): Promise<void> {
    const get = <T>(path: string) => http.get<{ items: T[] }>(path, { limit: 200 }).catch(() => ({ items: [] }));
    const [groups, departments, brands] = await Promise.all([
      get<Group>('/groups'),
      get<Named>('/departments'),
      get<Named>('/brands'),
    ]);
    for (const { id, name, department, overflow, lost_operator: lost } of groups.items) {
      this.#names.set(id, name);
      if (department) this.#within.set(id, department);
      if (lost === 'requeue') this.#requeues.add(id);
      else this.#requeues.delete(id);
      if (overflow) this.#overflow.set(id, overflow);
      else this.#overflow.delete(id);
    }
    for (const { id, name } of departments.items) this.#departments.set(id, name);
    for (const { id, name } of brands.items) this.#brands.set(id, name);
  }

  /** All groups whose names are known, by name. */
  get groups(): { id: string; name: string }[] {
    const named = [...this.#names].map(([id, name]) => ({ id, name }));
    return named.sort((a, b) => a.name.localeCompare(b.name));
  }

  /** All brands whose names are known, by name. */
  get brands(): { id: string; name: string }[] {
    const named = [...this.#brands].map(([id, name]) => ({ id, name }));
    return named.sort((a, b) => a.name.localeCompare(b.name));
  }

  /** Whether a group is of that department, as far as one knows; of one that is gone every group is. */
  mayBeIn(group: string, department: string | undefined): boolean {
    if (department === undefined || !this.#departments.has(department)) return true;
    return (this.#within.get(group) ?? department) === department;
  }

  isMember(group: string): boolean {
    return this.#own.some(({ id }) => id === group);
  }

  /** Whether chats of that group go back to its queue where their operator is lost, as far as we may read its settings. */
  requeues(group: string): boolean {
    return this.#requeues.has(group);
  }

  /** Whether one of our groups helps that one by then, as far as we may read its settings. */
  helps(group: string, waitedMs: number): boolean {
    const overflow = this.#overflow.get(group);
    return !!overflow && waitedMs >= overflow.after_s * 1000 && overflow.groups.some((id) => this.isMember(id));
  }

  group(id: string): string {
    return this.#names.get(id) ?? id;
  }

  /** All departments whose names we may read, as a list to choose from. */
  get departments(): { id: string; label: string }[] {
    return [...this.#departments].map(([id, label]) => ({ id, label }));
  }

  /** The department's name; none where we may not read it. */
  department(id: string | undefined): string | undefined {
    return id === undefined ? undefined : this.#departments.get(id);
  }
}
