// The lines of the conversation as elements: kept by key, so that a line that is there is never made again, and a
// mark that changes is all that changes.

import { Check, CheckCheck, CircleAlert, Clock, LogIn, LogOut } from 'lucide';
import { h, icon, setAttribute } from '../../dom';
import type { Line, MessageState } from '../conversation';
import { pieces } from '../links';
import { clock, daysAgo, firstName, initials, longDay } from '../people';
import type { Translate } from '../texts';

interface Row {
  element: HTMLElement;
  update: (line: Line, before: Line | undefined, after: Line | undefined) => void;
}

export class Lines {
  readonly element: HTMLElement;
  #rows = new Map<string, Row>();

  constructor(
    private readonly t: Translate,
    private readonly language: string,
    /** Whom nobody in particular speaks for: what the system says comes from the brand. */
    private readonly brand: string,
  ) {
    this.element = h('div.lines', { role: 'log', 'aria-label': t('chat.log'), 'aria-relevant': 'additions' });
  }

  /** Shows these lines. `offline` words what waits: for the network, or only for the server's answer. */
  show(lines: readonly Line[], now: number, offline: boolean): void {
    const rows = new Map<string, Row>();
    let last: HTMLElement | null = null;
    lines.forEach((line, i) => {
      const day = lines[i - 1] ? daysAgo(lines[i - 1]!.at, now) : null;
      if (daysAgo(line.at, now) !== day) last = this.#place(rows, `day ${new Date(line.at).toDateString()}`, () => this.#day(line.at), last);
      last = this.#place(rows, line.key, () => this.#row(line, offline), last);
      rows.get(line.key)!.update(line, lines[i - 1], lines[i + 1]);
    });
    for (const [key, row] of this.#rows) if (!rows.has(key)) row.element.remove();
    this.#rows = rows;
  }

  #place(rows: Map<string, Row>, key: string, make: () => Row, last: HTMLElement | null): HTMLElement {
    const row = this.#rows.get(key) ?? make();
    rows.set(key, row);
    const next = last ? last.nextSibling : this.element.firstChild;
    if (next !== row.element) this.element.insertBefore(row.element, next);
    return row.element;
  }

  #day(at: number): Row {
    const ago = daysAgo(at, Date.now());
    const words = ago === 0 ? this.t('chat.today') : ago === 1 ? this.t('chat.yesterday') : longDay(at, this.language);
    return { element: h('div.day', {}, words), update: () => {} };
  }

  #row(line: Line, offline: boolean): Row {
    if (line.kind === 'message') return line.mine ? this.#mine(line, offline) : this.#theirs(line);
    const words = this.t(`chat.${line.kind}`, 'name' in line ? { name: firstName(line.name) } : {});
    const picture = { joined: LogIn, transferred: LogIn, left: LogOut, queued: Clock, ended: null }[line.kind];
    return { element: h('div.note', {}, picture && icon(picture, 14), words), update: () => {} };
  }

  #theirs(line: Extract<Line, { kind: 'message' }>): Row {
    const name = line.name || this.brand || this.t('chat.somebody');
    const avatar = h('span.avatar', { 'aria-hidden': 'true' }, initials(name));
    const by = h('small', {}, this.t('chat.by', { name: line.name ? firstName(name) : name, time: clock(line.at, this.language) }));
    const element = h('div.message.theirs', {}, avatar, h('div', {}, by, bubble(line.text)));
    return {
      element,
      update: (_, before, after) => {
        setAttribute(element, 'data-follows', ofSame(line, before));
        setAttribute(element, 'data-continues', ofSame(line, after));
      },
    };
  }

  #mine(line: Extract<Line, { kind: 'message' }>, offline: boolean): Row {
    const mark = h('small', { 'aria-live': 'off' });
    const element = h('div.message.mine', {}, h('div', {}, bubble(line.text), mark));
    let shown = '';
    return {
      element,
      update: (now, _, after) => {
        if (now.kind !== 'message') return;
        const repeated = after?.kind === 'message' && after.mine && after.state === now.state && now.state !== 'waiting';
        const next = repeated ? '' : `${now.state} ${offline} ${now.why ?? ''}`;
        if (next === shown) return;
        shown = next;
        mark.hidden = repeated;
        setAttribute(mark, 'class', now.state);
        mark.replaceChildren(...(repeated ? [] : [markIcon(now.state), ' ', this.#markWords(now, offline)]));
      },
    };
  }

  #markWords(line: Extract<Line, { kind: 'message' }>, offline: boolean): string {
    if (line.state === 'waiting') return this.t(offline ? 'chat.waiting' : 'chat.sending');
    if (line.state === 'sent') return this.t('chat.sent', { time: clock(line.at, this.language) });
    if (line.state === 'failed') return this.t(line.why === 'ended' ? 'chat.failed_ended' : 'chat.failed');
    return this.t(`chat.${line.state}`);
  }
}

function markIcon(state: MessageState): SVGSVGElement {
  return icon({ waiting: Clock, sent: Check, delivered: CheckCheck, read: CheckCheck, failed: CircleAlert }[state], 14);
}

function bubble(text: string): HTMLElement {
  return h('p', { dir: 'auto' }, ...pieces(text).map((piece) =>
    piece.href === undefined
      ? piece.text
      : h('a', { href: piece.href, target: '_blank', rel: 'noopener noreferrer nofollow' }, piece.text)));
}

/** Of the same author within five minutes: name and picture are not repeated. */
function ofSame(line: Extract<Line, { kind: 'message' }>, other: Line | undefined): boolean {
  return other?.kind === 'message' && !other.mine && other.name === line.name && Math.abs(other.at - line.at) < 5 * 60_000;
}
