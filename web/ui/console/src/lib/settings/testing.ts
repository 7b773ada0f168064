/** A server of a few groups and operators, for tests: answers as the real one does, and remembers what it was asked. */
import { Http } from '../http';
import type { Group, Membership, Operator } from './staff';

export class StaffServer {
  group: Group = {
    id: 'support',
    department: 'help',
    name: 'Support',
    offer_mode: 'single',
    offer_expires_after_s: 20,
    connection_timeout_s: 300,
    overflow: null,
    queue_length_max: null,
    queue_wait_max_s: null,
    when_full: 'offline_form',
    skill_relaxed_every_s: null,
    last_operator_days: 0,
    last_operator_waits_s: 0,
    wanted_operator_waits_s: 0,
    expired_offers_until_away: null,
    lost_operator: 'keep',
    priority: 0,
    service_level_within_s: 20,
    hours: null,
    greeting: null,
    greeting_after_s: 0,
    queue_text: null,
    version: 1,
  };
  operator: Operator = {
    id: 'joe',
    email: 'joe@example.com',
    name: 'Joe',
    role: 'operator',
    limit: 1,
    disabled: false,
    skills: { returns: 7 },
    version: 1,
  };
  memberships: Membership[] = [
    { group: 'support', operator: 'joe', handling: 'primary', limit: null, active: true },
    { group: 'support', operator: 'sue', handling: 'secondary', limit: 3, active: true },
  ];
  /** The next writes fail with these, by method and path. */
  refuses: Record<string, { status: number; code: string; detail: string; field?: string; why?: string }> = {};
  /** What somebody else does just before the next write. */
  overtakes: (() => void) | null = null;
  /** The writes that were asked for. */
  readonly wrote: string[] = [];
  readonly http = new Http(async (path, init) => this.#answer(new URL(path, 'http://x'), init));

  #answer({ pathname, searchParams }: URL, init: RequestInit): Response {
    const path = pathname.replace('/api/v1', '');
    const method = init.method ?? 'GET';
    const refused = this.refuses[`${method} ${path}`];
    if (refused) return Response.json(refused, { status: refused.status });
    if (method === 'GET') return this.#read(path, searchParams);
    this.overtakes?.();
    this.overtakes = null;
    const known = (init.headers as Record<string, string>)['if-match'];
    if (path.startsWith('/groups/') && known !== undefined && known !== `"${this.group.version}"`)
      return Response.json({ code: 'conflict', why: 'changed', detail: 'somebody else changed it' }, { status: 409 });
    const body = init.body === undefined ? {} : (JSON.parse(String(init.body)) as object);
    this.wrote.push(`${method} ${path}${init.body === undefined ? '' : ` ${String(init.body)}`}`);
    if (path === `/groups/${this.group.id}`) return Response.json((this.group = { ...this.group, ...body }));
    if (path === `/operators/${this.operator.id}`)
      return Response.json((this.operator = { ...this.operator, ...body }));
    if (method === 'POST') {
      this.memberships = [...this.memberships, { active: true, ...body } as Membership];
      return Response.json(body, { status: 201 });
    }
    const [, , group, operator] = path.split('/');
    const is = (one: Membership): boolean => one.group === group && one.operator === operator;
    if (method === 'DELETE') this.memberships = this.memberships.filter((one) => !is(one));
    else this.memberships = this.memberships.map((one) => (is(one) ? { ...one, ...body } : one));
    return new Response(null, { status: 204 });
  }

  #read(path: string, asked: URLSearchParams): Response {
    if (path === `/groups/${this.group.id}`) return Response.json(this.group);
    if (path === `/operators/${this.operator.id}`) return Response.json(this.operator);
    if (path !== '/memberships') return Response.json({ code: 'not_found', detail: 'no such thing' }, { status: 404 });
    const fits = ({ group, operator }: Membership): boolean =>
      (asked.get('group') ?? group) === group && (asked.get('operator') ?? operator) === operator;
    // One item a page, so that whoever reads has to read on.
    const all = this.memberships.filter(fits);
    const from = Number(asked.get('cursor') ?? 0);
    return Response.json({ items: all.slice(from, from + 1), next: from + 1 < all.length ? String(from + 1) : null });
  }
}
