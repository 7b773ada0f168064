// The screens that only say something: connecting, the end of a chat.

import { Check, MessageCircle } from 'lucide';
import { h, icon, setText } from '../../dom';
import { firstName } from '../people';
import type { TextKey } from '../texts';
import type { Context, Screen } from './screen';

/** Before the server has said anything: quiet grey shapes where the form will be. */
export function connectingScreen(context: Context): Screen {
  const element = h('div.screen', {},
    h('div.body', { tabindex: -1, 'aria-busy': 'true', 'aria-label': context.t('queue.connecting') },
      h('div.skeleton.title'), h('div.skeleton'), h('div.skeleton'), h('div.skeleton.tall')));
  return { element, update: () => {}, focus: () => element.querySelector<HTMLElement>('.body')!.focus() };
}

export function endedScreen(context: Context): Screen {
  const { client, t } = context;
  const title = h('h2');
  const text = h('p.lead');
  const again = h('button.button.wide', { type: 'button', onclick: () => client.dismiss() }, t('ended.again'));
  const read = h('button.button.quiet', { type: 'button', onclick: () => context.review(true) },
    icon(MessageCircle, 18), t('ended.conversation'));
  const element = h('div.screen', {},
    h('div.body.plain', { tabindex: -1, role: 'status' }, h('span.badge', {}, icon(Check, 28)), title, text, read),
    h('footer.foot', {}, again));

  function update(): void {
    const why = client.chat?.ended?.why ?? 'closed';
    const name = firstName(client.memory.get('name') ?? '');
    const operator = client.chat?.operator;
    const served = operator !== null && operator !== undefined;
    setText(title, name ? t('ended.title', { name }) : t('ended.title_guest'));
    const words: TextKey | null = why === 'left' ? 'ended.left' : null;
    setText(text, words ? t(words) : served ? t('ended.closed_with', { name: firstName(operator) }) : t('ended.closed'));
    read.hidden = !client.chat?.lines([]).some((line) => line.kind === 'message');
  }
  return { element, update, focus: () => again.focus() };
}
