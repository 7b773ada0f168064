/** Whether those in view are there and receive: the members of a group, or one operator; live, whoever sets it. */
import { newId, type OperatorNotice, type OperatorNow, type Status } from '@switchboard/protocol';
import type { Link } from '../state/link.svelte';
import type { Form } from './form.svelte';
import { memberKey, type Side } from './members';

type Told = Extract<OperatorNotice, { type: 'operators' }>;

/** What is said of a membership beside its settings. */
export interface There {
  status: Status;
  /** Since when, milliseconds since 1970. */
  since: number;
  /** The profile that leaves the group out, by id. */
  without: string | null;
}

export class Attendance {
  #now = $state.raw<ReadonlyMap<string, OperatorNow>>(new Map());
  #side = $state.raw<Side | null>(null);
  #link: Link | null = null;

  /** There is a connection again: what was subscribed to before ended with the old one. */
  connected(link: Link): void {
    this.#link = link;
    this.#now = new Map();
    this.#ask('subscribe');
  }

  /** Something else is looked at, or nothing. */
  look(side: Side | null): void {
    if (side?.of === this.#side?.of && side?.id === this.#side?.id) return;
    this.#ask('unsubscribe');
    this.#side = side;
    this.#now = new Map();
    this.#ask('subscribe');
  }

  told({ topic, operators, gone }: Told): void {
    if (topic !== this.#topic) return;
    const now = new Map([...this.#now, ...operators.map((one) => [one.operator, one] as const)]);
    for (const operator of gone) now.delete(operator);
    this.#now = now;
  }

  clear(): void {
    this.#link = this.#side = null;
    this.#now = new Map();
  }

  /** Of one operator; none while it is not known. */
  operator(id: string): OperatorNow | undefined {
    return this.#now.get(id);
  }

  /** Of the membership whose other side that is; none while it is not known. */
  member(other: string): There | undefined {
    const side = this.#side;
    const one = this.#now.get(side?.of === 'group' ? other : (side?.id ?? ''));
    if (!side || !one) return undefined;
    const from = one.groups.find(({ group }) => group === (side.of === 'group' ? side.id : other));
    const without = from?.left_out ? (one.profile ?? null) : null;
    return { status: one.status, since: Date.parse(one.since), without };
  }

  /** Who receives is shown as it is now in a form of what is looked at; what was written there and not saved stays. */
  show(form: Form): void {
    const side = this.#side;
    if (!side) return;
    for (const { operator, groups } of this.#now.values())
      for (const { group, active } of groups)
        form.follow(memberKey(side.of === 'group' ? operator : group), 'active', active);
  }

  get #topic(): string | null {
    const side = this.#side;
    return side && `${side.of === 'group' ? 'members' : 'operator'}:${side.id}`;
  }

  #ask(type: 'subscribe' | 'unsubscribe'): void {
    const topic = this.#topic;
    if (topic !== null) this.#link?.subscribe({ type, id: newId(), topic });
  }
}
