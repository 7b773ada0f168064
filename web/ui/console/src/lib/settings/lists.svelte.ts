/** All groups, operators, departments and memberships of the account: what the lists of the settings show. */
import { type Http, Problem } from '../http';
import { byName } from '../order';
import type { Account } from './company';
import type { Profile } from './profile';
import { allOf, type Brand, type Department, type Group, type Membership, type Operator } from './staff';

export class StaffLists {
  groups = $state.raw<readonly Group[]>([]);
  operators = $state.raw<readonly Operator[]>([]);
  departments = $state.raw<readonly Department[]>([]);
  brands = $state.raw<readonly Brand[]>([]);
  memberships = $state.raw<readonly Membership[]>([]);
  profiles = $state.raw<readonly Profile[]>([]);
  /** The account's: hours without a zone are counted by its clock. */
  timeZone = $state('UTC');
  /** What is here is shown while it is loaded anew. */
  state = $state<'loading' | 'there' | 'failed' | 'forbidden'>('loading');
  /** Why it did not load, as a code to quote. */
  problem = $state('');
  readonly #http: Http;
  /** All skills that somebody has, by name. */
  readonly skills = $derived([...new Set(this.operators.flatMap((one) => Object.keys(one.skills ?? {})))].sort());
  /** What is being removed, by section and id. */
  readonly going: ReadonlySet<string> = $derived(
    new Set([
      ...this.groups.flatMap(({ id, closing }) => (closing ? [`groups/${id}`] : [])),
      ...this.operators.flatMap(({ id, closing }) => (closing ? [`operators/${id}`] : [])),
    ]),
  );
  readonly #operatorsOf = $derived(gathered(this.memberships, 'group'));
  readonly #groupsOf = $derived(gathered(this.memberships, 'operator'));
  readonly #operatorById = $derived(new Map(this.operators.map((one) => [one.id, one])));
  readonly #groupById = $derived(new Map(this.groups.map((one) => [one.id, one])));
  readonly #departmentById = $derived(new Map(this.departments.map((one) => [one.id, one])));

  constructor(http: Http) {
    this.#http = http;
  }

  /** With `quiet` a failure changes nothing of what is shown: it is tried again. */
  async load(quiet = false): Promise<void> {
    const http = this.#http;
    if (this.state !== 'there') this.state = 'loading';
    try {
      const [groups, operators, departments, brands, memberships, profiles, account] = await Promise.all([
        allOf<Group>(http, '/groups'),
        allOf<Operator>(http, '/operators'),
        allOf<Department>(http, '/departments'),
        allOf<Brand>(http, '/brands'),
        allOf<Membership>(http, '/memberships'),
        allOf<Profile>(http, '/profiles'),
        http.get<Account>('/account'),
      ]);
      [this.groups, this.operators, this.brands, this.profiles] = [
        groups.sort(byName),
        operators.sort(byName),
        brands.sort(byName),
        profiles.sort(byName),
      ];
      // Departments have places of their own.
      [this.departments, this.memberships] = [departments, memberships];
      this.timeZone = account.time_zone;
      this.state = 'there';
    } catch (error) {
      if (quiet) return;
      this.problem = error instanceof Problem ? error.code : 'internal';
      this.state = this.problem === 'forbidden' ? 'forbidden' : 'failed';
    }
  }

  clear(): void {
    this.groups = this.operators = this.departments = this.brands = this.memberships = this.profiles = [];
    this.state = 'loading';
  }

  group(id: string): Group | undefined {
    return this.#groupById.get(id);
  }

  operator(id: string): Operator | undefined {
    return this.#operatorById.get(id);
  }

  department(id: string): string {
    return this.#departmentById.get(id)?.name ?? id;
  }

  /** What a profile is called. */
  profile(id: string): string {
    return this.profiles.find((one) => one.id === id)?.name ?? id;
  }

  membersOf(group: string): readonly Membership[] {
    return this.#operatorsOf.get(group) ?? [];
  }

  groupsOf(operator: string): readonly Membership[] {
    return this.#groupsOf.get(operator) ?? [];
  }
}

function gathered(all: readonly Membership[], by: 'group' | 'operator'): Map<string, Membership[]> {
  const found = new Map<string, Membership[]>();
  for (const one of all) {
    const there = found.get(one[by]);
    if (there) there.push(one);
    else found.set(one[by], [one]);
  }
  return found;
}
