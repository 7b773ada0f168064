// Waiting: the own place in the queue, told calmly.

import { Check, Clock } from 'lucide';
import { h, icon, setAttribute, setText } from '../../dom';
import { clock } from '../people';
import type { Translate } from '../texts';
import type { Context, Screen } from './screen';

/** More people ahead than this are told as a figure only. */
const PLACES_MAX = 6;

export function queueScreen(context: Context): Screen {
  const { client, t } = context;
  const asked = h('div.asked');
  const figure = h('b.figure');
  const words = h('span.words');
  const places = h('div.places', { 'aria-hidden': 'true' });
  const wait = h('p.wait');
  const text = h('p');
  const leave = h('button.button.quiet.wide', { type: 'button', onclick: () => client.end() }, t('queue.leave'));
  const element = h('div.screen', {},
    h('div.body.queue', { tabindex: -1 }, asked, h('div.card', { role: 'status' }, figure, words, wait, places, text)),
    h('footer.foot', {}, leave));
  let shown = '';

  function update(): void {
    showQuestion();
    const ahead = client.starting || client.chat?.phase === 'active' ? null : (client.chat?.ahead ?? null);
    const plural = ahead === null ? '' : new Intl.PluralRules(context.language).select(ahead);
    figure.hidden = !ahead;
    const about = client.chat?.about ?? false;
    setText(figure, ahead === null ? '' : about ? t('queue.about', { count: ahead }) : String(ahead));
    setText(words,
      ahead === null ? t('queue.connecting')
      : ahead === 0 ? t('queue.next')
      : t(plural === 'one' ? 'queue.ahead_one' : 'queue.ahead_other'));
    const estimate = ahead === null ? null : (client.chat?.estimate ?? null);
    setText(wait, estimate === null ? '' : waitWords(t, estimate));
    wait.hidden = estimate === null;
    const own = ahead === null ? null : (client.chat?.queueText ?? null);
    setText(text, own === null ? t(ahead === null ? 'queue.connecting_text' : 'queue.text') : filled(own, ahead ?? 0, estimate));
    showPlaces(ahead);
    leave.disabled = !client.chat || client.ending;
  }

  /** The group's own words; what is not known yet is a dash. */
  function filled(words: string, ahead: number, estimate: number | null): string {
    const minutes = estimate === null ? null : Math.max(1, Math.ceil(estimate / 60));
    const unit = (count: number): string =>
      new Intl.NumberFormat(context.language, { style: 'unit', unit: 'minute' }).format(count);
    return words.replaceAll('{ahead}', String(ahead)).replaceAll('{wait}', minutes === null ? '–' : unit(minutes));
  }

  function showQuestion(): void {
    const { starting } = client;
    const lines = client.chat?.lines(client.pending) ?? [];
    const first = lines.find((line) => line.kind === 'message' && line.mine);
    const question = first?.kind === 'message' ? first.text : (starting?.question ?? '');
    const stored = first?.kind === 'message' && first.state !== 'waiting';
    const said = lines.flatMap((line) => (line.kind === 'message' && !line.mine ? [line.text] : []));
    const key = `${question}|${stored}|${said.join('|')}`;
    if (key === shown) return;
    shown = key;
    asked.replaceChildren();
    if (question) asked.append(h('div.message.mine', {}, h('div', {},
      h('p', { dir: 'auto' }, question),
      stored
        ? h('small', {}, icon(Check, 14), ' ', t('chat.sent', { time: clock(first.at, context.language) }))
        : h('small', {}, icon(Clock, 14), ' ', t('chat.sending')))));
    for (const text of said) asked.append(h('div.message.theirs', {}, h('div', {}, h('p', { dir: 'auto' }, text))));
  }

  function showPlaces(ahead: number | null): void {
    const count = ahead === null || ahead > PLACES_MAX ? 0 : ahead;
    // One alone is no row.
    places.hidden = !ahead || ahead > PLACES_MAX;
    if (places.childElementCount === count + 1 && !places.hidden) return;
    places.replaceChildren(...Array.from({ length: count + 1 }, (_, i) => {
      const place = h('i');
      setAttribute(place, 'class', i === count ? 'own' : 'taken');
      return place;
    }));
  }

  return { element, update, focus: () => element.querySelector<HTMLElement>('.queue')!.focus() };
}

/** Whole minutes, rounded up: nobody minds being early. */
function waitWords(t: Translate, seconds: number): string {
  const minutes = Math.max(1, Math.ceil(seconds / 60));
  return minutes > 60 ? t('queue.wait_long') : minutes === 1 ? t('queue.wait_short') : t('queue.wait_other', { minutes });
}

/** The place in one sentence, for whoever waits again and has the conversation in view. */
export function placeWords({ client, t, language }: Context): string {
  const { ahead, about, estimate } = client.chat ?? { ahead: null, about: false, estimate: null };
  if (ahead === null) return t('queue.connecting_text');
  const plural = new Intl.PluralRules(language).select(ahead);
  const count = about ? t('queue.about', { count: ahead }) : ahead;
  const place = ahead === 0
    ? t('queue.next')
    : t('queue.place', { count, words: t(plural === 'one' ? 'queue.ahead_one' : 'queue.ahead_other') });
  return estimate === null ? `${place}.` : `${place}. ${waitWords(t, estimate)}`;
}
