// The coloured head of the window: who one talks to, and the two things that are always possible.

import { LogOut, Minus } from 'lucide';
import { h, icon, setAttribute, setText } from '../../dom';
import { initials } from '../people';
import type { Context } from './screen';

export function header(context: Context, actions: { minimise: (() => void) | null; askEnd: () => void }): {
  element: HTMLElement;
  update: () => void;
} {
  const { t, client } = context;
  const avatar = h('span.avatar.large', { 'aria-hidden': 'true' });
  const name = h('h1');
  const dot = h('i', { 'aria-hidden': 'true' });
  const words = h('span');
  const end = h('button.tool', { type: 'button', 'aria-label': t('header.end'), title: t('header.end'), onclick: actions.askEnd },
    icon(LogOut));
  const minimise = actions.minimise && h('button.tool', {
    type: 'button', 'aria-label': t('header.minimise'), title: t('header.minimise'), onclick: actions.minimise,
  }, icon(Minus));
  const element = h('header.head', {}, avatar,
    h('div.who', {}, name, h('span.state', {}, dot, words)), end, minimise);

  function update(): void {
    const { chat, availability } = client;
    const brand = client.look.name;
    const active = chat && chat.phase === 'active';
    const person = active && chat.operator ? chat.operator : brand;
    setText(avatar, initials(person));
    setText(name, person);
    const ended = chat?.phase === 'ended' && !client.dismissed;
    setText(words,
      !client.window ? t('header.connecting')
      : active ? t('header.team', { brand })
      : ended ? t('header.ended')
      : chat?.phase === 'waiting' ? t('header.waiting')
      : client.starting ? t('header.connecting')
      : t(`header.${availability ?? 'online'}`));
    setAttribute(dot, 'class', `dot ${!client.window || ended ? 'none' : active ? 'online' : (availability ?? 'online')}`);
    const again = chat?.phase === 'waiting' && chat.served;
    end.hidden = !(active || again) || client.ending;
  }
  return { element, update };
}
