/** From which of one's groups one receives, and by which profile: the same in all windows. */
import type { MyGroup, Receiving as Told } from '@switchboard/protocol';
import type { Http } from '../http';
import { byName } from '../order';

/** A named set of groups. */
export interface Profile {
  id: string;
  name: string;
  groups: string[];
}

export class Receiving {
  /** One's groups, each with whether it is wanted, and whether the profile leaves it out. */
  groups = $state.raw<readonly MyGroup[]>([]);
  /** The chosen one; none is all one's groups. */
  profile = $state<string | null>(null);
  #all = $state.raw<readonly Profile[]>([]);
  /** Those that have a group of one's own. */
  readonly profiles = $derived(this.#all.filter((one) => one.groups.some((group) => this.#mine(group))));
  /** Groups that new chats come from, as far as the status lets them. */
  readonly from = $derived(this.groups.filter((group) => group.active && !group.left_out));

  begin(groups: readonly MyGroup[], profile: string | undefined): void {
    this.groups = groups;
    this.profile = profile ?? null;
  }

  told({ groups, profile }: Told): void {
    const now = new Map(groups.map((one) => [one.group, one]));
    this.groups = this.groups.flatMap((group) => {
      const one = now.get(group.id);
      if (!one) return [];
      const { handling, limit, active, left_out } = one;
      return [{ ...group, handling, limit, active, left_out }];
    });
    this.profile = profile ?? null;
  }

  /** Learns which profiles there are. Where that does not work, one's groups can be set one by one all the same. */
  async learn(http: Http): Promise<void> {
    const page = await http.get<{ items: Profile[] }>('/profiles', { limit: 200 }).catch(() => null);
    if (page) this.#all = page.items.sort(byName);
  }

  clear(): void {
    this.groups = [];
    this.#all = [];
    this.profile = null;
  }

  profileName(id: string): string {
    return this.#all.find((one) => one.id === id)?.name ?? id;
  }

  #mine(id: string): boolean {
    return this.groups.some((group) => group.id === id);
  }
}
