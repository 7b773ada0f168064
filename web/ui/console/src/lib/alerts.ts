/** Sounds and desktop notices: what calls a person who looks elsewhere. */
import type { Offer } from '@switchboard/protocol';
import { Notices } from './state/notices';
import type { Chat } from './state/chat.svelte';
import type { Preferences } from './state/preferences.svelte';
import { Sounds } from './state/sounds';
import { OFFER_WORDS, visitorName } from './words';

type Liked = Preferences['is'];

export class Alerts {
  /** Opens a chat when its notice is clicked. */
  openChat: ((id: string) => void) | null = null;

  constructor(
    readonly sounds: Sounds,
    readonly notices: Notices,
  ) {}

  offered(offer: Offer, liked: Liked, group: string): void {
    if (!liked.notices) return;
    this.notices.show({
      tag: `offer ${offer.offer}`,
      title: `${OFFER_WORDS[offer.kind]}: ${visitorName(offer.visitor)}`,
      body: [offer.from?.name ?? group, liked.noticeText && (offer.reason ?? offer.question)].filter(Boolean).join(' · '),
      onclick: () => {},
    });
  }

  offerGone(offer: string): void {
    this.notices.close(`offer ${offer}`);
  }

  /** Somebody waits in a group from which one takes chats oneself. */
  waits(group: string, liked: Liked): void {
    this.sounds.queue(liked.queueVolume);
    if (liked.notices) this.notices.show({ tag: 'queue', title: `Somebody waits in ${group}`, onclick: () => {} });
  }

  wrote(chat: Chat, text: string, liked: Liked, group: string): void {
    this.sounds.message(liked.messageVolume);
    if (!liked.notices) return;
    this.notices.show({
      tag: `chat ${chat.id}`,
      title: chat.name,
      body: liked.noticeText ? text : group,
      onclick: () => this.openChat?.(chat.id),
    });
  }
}
