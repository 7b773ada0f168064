// The conversation: its lines, who is writing, the box to write in, and the question before it ends.

import { ArrowDown } from 'lucide';
import { h, icon, setAttribute, setText } from '../../dom';
import { firstName, initials } from '../people';
import { composer } from './composer';
import { Lines } from './lines';
import { placeWords } from './queue';
import type { Context, Screen } from './screen';

/** Pixels from the end within which the visitor still counts as being there. */
const AT_END = 60;

export interface ChatScreen extends Screen {
  askEnd(): void;
}

export function chatScreen(context: Context): ChatScreen {
  const { client, t } = context;
  const lines = new Lines(t, context.language, client.look.name);
  const older = h('p.note', { hidden: true }, t('chat.older'));
  const writer = h('span.avatar', { 'aria-hidden': 'true' });
  const writing = h('span.unseen', { role: 'status' });
  const dots = h('div.message.theirs.writing', {}, writer, h('p.dots', { 'aria-hidden': 'true' }, h('i'), h('i'), h('i')), writing);
  const place = h('p.note.place', { role: 'status', hidden: true });
  const body = h('div.body.talk', { tabindex: 0, onscroll: scrolled }, older, lines.element, place, dots);
  const more = h('button.more', { type: 'button', hidden: true, onclick: () => toEnd() });
  const write = composer(context, () => toEnd());
  const no = h('button.button.quiet', { type: 'button', onclick: () => ask(false) }, t('end.no'));
  const yes = h('button.button.danger', { type: 'button', onclick: () => (ask(false), client.end()) }, t('end.yes'));
  const question = h('div.ask', {
    role: 'alertdialog', 'aria-labelledby': 'ask-end', hidden: true,
    onkeydown: (event: KeyboardEvent) => {
      if (event.key !== 'Escape') return;
      event.stopPropagation();
      ask(false);
    },
  }, h('b', { id: 'ask-end' }, t('end.title')), h('div', {}, no, yes));
  const over = h('footer.foot', { hidden: true },
    h('button.button.wide', { type: 'button', onclick: () => client.dismiss() }, t('ended.again')));
  const element = h('div.screen', {}, h('div.scroll', {}, body, more), question, write.element, over);
  let atEnd = true;
  let known = 0;
  let fresh = 0;
  new ResizeObserver(() => atEnd && toEnd()).observe(body);

  function update(): void {
    const { chat, connection } = client;
    if (!chat) return;
    const all = chat.lines(client.pending);
    setAttribute(lines.element, 'aria-busy', client.catchingUp ? 'true' : null);
    older.hidden = !client.catchingUp || all.length > 0;
    lines.show(all, Date.now(), connection.kind !== 'connected');
    place.hidden = chat.phase !== 'waiting';
    setText(place, chat.phase === 'waiting' ? placeWords(context) : '');
    showTyping();
    write.update();
    const ended = chat.phase === 'ended';
    write.element.hidden = ended || !question.hidden;
    if (ended) question.hidden = true;
    over.hidden = !ended;
    follow(all.filter((line) => line.kind === 'message' && !line.mine).length);
  }

  function showTyping(): void {
    const name = client.typing && (client.typing.name || client.chat?.operator || t('chat.somebody'));
    setAttribute(dots, 'data-on', Boolean(name));
    setText(writer, name ? initials(name) : writer.textContent);
    setText(writing, name ? t('chat.typing', { name: firstName(name) }) : '');
  }

  /** Stays at the end if the visitor was there; else tells how many came. */
  function follow(theirs: number): void {
    if (atEnd) {
      toEnd();
    } else if (theirs > known) {
      fresh += theirs - known;
      more.replaceChildren(icon(ArrowDown, 16), fresh === 1 ? t('chat.new_one') : t('chat.new_other', { count: fresh }));
      more.hidden = false;
    }
    known = theirs;
  }

  function toEnd(): void {
    body.scrollTop = body.scrollHeight;
    atEnd = true;
    fresh = 0;
    more.hidden = true;
  }

  function scrolled(): void {
    atEnd = body.scrollHeight - body.scrollTop - body.clientHeight < AT_END;
    if (atEnd) toEndQuietly();
  }

  function toEndQuietly(): void {
    fresh = 0;
    more.hidden = true;
  }

  function ask(on: boolean): void {
    question.hidden = !on;
    write.element.hidden = on;
    if (on) no.focus();
    else write.focus();
  }

  return {
    element,
    update,
    askEnd: () => ask(true),
    focus: () => (client.chat?.phase === 'ended' ? over.querySelector('button')! : matchMedia('(pointer: coarse)').matches ? body : write).focus(),
    leave: write.leave,
  };
}
