// Where the visitor writes: Enter sends, Shift and Enter break the line, and what is written outlives a reload.

import { ArrowUp } from 'lucide';
import { h, icon, setAttribute, setText } from '../../dom';
import { LENGTHS } from '../form';
import { TypingNotices } from '../typing';
import type { Context } from './screen';

/** Height of the box at most, in pixels: some five lines. */
const HEIGHT_MAX = 120;

export function composer(context: Context, sent: () => void): {
  element: HTMLElement; update: () => void; focus: () => void; leave: () => void;
} {
  const { client, t, drafts } = context;
  const typing = new TypingNotices((on, preview) => client.writes(on, preview));
  const box = h('textarea', {
    rows: 1, maxlength: LENGTHS.message, 'aria-label': t('composer.label'), enterkeyhint: 'send', dir: 'auto',
    oninput: () => {
      drafts.set('message', box.value);
      typing.wrote(box.value);
      fit();
    },
    onblur: () => typing.stopped(),
    onkeydown: (event: KeyboardEvent) => {
      if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      send();
    },
  });
  const button = h('button.send', { type: 'submit', 'aria-label': t('composer.send'), title: t('composer.send') }, icon(ArrowUp));
  const problem = h('p.problem', { role: 'status', hidden: true });
  const element = h('form.composer', { onsubmit: (event: Event) => (event.preventDefault(), send()) }, problem, box, button);
  box.value = drafts.get('message');

  function send(): void {
    const text = box.value.trimEnd();
    if (text.trim() === '') return box.focus();
    const outcome = client.say(text);
    problem.hidden = outcome === 'queued';
    setText(problem, outcome === 'queued' ? '' : t(outcome === 'full' ? 'composer.full' : 'composer.too_long'));
    if (outcome !== 'queued') return;
    typing.stopped();
    box.value = '';
    drafts.set('message', '');
    fit();
    box.focus();
    sent();
  }

  function fit(): void {
    box.style.setProperty('height', 'auto');
    if (box.scrollHeight > 0) box.style.setProperty('height', `${Math.min(box.scrollHeight, HEIGHT_MAX)}px`);
  }

  function update(): void {
    const connected = client.connection.kind === 'connected';
    setAttribute(box, 'placeholder', t(connected ? 'composer.hint' : 'composer.hint_later'));
    if (connected && !problem.hidden && client.pending.length === 0) problem.hidden = true;
  }

  return { element, update, focus: () => (fit(), box.focus()), leave: () => typing.stopped() };
}
