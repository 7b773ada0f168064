/** Everything that can be done by key or from the palette, in one list. */
import type { Action } from './state/keys';
import type { Acts } from './acts';
import type { Desk } from './desk.svelte';
import type { View } from './view.svelte';
import { SECTIONS } from './settings/sections';
import type { ListId, SectionId } from './state/router.svelte';
import { STATUSES, STATUS_WORDS } from './state/presence.svelte';

const always = (): boolean => true;

export function actionsOf(desk: Desk, acts: Acts, view: View): Action[] {
  const connected = (): boolean => desk.link?.connected ?? false;
  const soonest = () => desk.offers.ringing[0];
  const openRunning = () => {
    const chat = desk.open;
    return chat && chat.row.state === 'active' && chat.row.owner?.id === desk.chats.me ? chat : undefined;
  };
  /** A chat of ours, or one that waits in our groups. */
  const forForm = () => {
    const chat = desk.open;
    const waits = chat?.row.state === 'waiting' && desk.directory.isMember(chat.row.group);
    return waits ? chat : openRunning();
  };
  const openPart = () => (desk.open?.has(desk.chats.me) ? desk.open : undefined);
  const openColleagues = () => {
    const chat = desk.open;
    const running = chat?.row.state === 'active' && !chat.has(desk.chats.me) && desk.directory.isMember(chat.row.group);
    return running && desk.session.may('take_chats') ? chat : undefined;
  };
  const ask = (kind: 'transfer' | 'invite', label: string, keys: string): Action => ({
    id: kind,
    label,
    section: 'This chat',
    keys,
    can: () => connected() && openRunning() !== undefined && openRunning()?.asked === null,
    run: () => {
      const chat = openRunning();
      if (chat) view.asking = { chat, kind };
    },
  });
  const list = (id: ListId, label: string, can = always): Action => ({
    id: `list-${id}`,
    label: `Show ${label}`,
    section: 'Go to',
    can,
    run: () => desk.router.go({ list: id }),
  });
  const readsStaff = (): boolean => desk.session.may('read_staff');
  const make = (section: SectionId, label: string): Action => ({
    id: `new-${section}`,
    label,
    section: 'Settings',
    can: () => desk.session.may('manage_staff') && !desk.router.unsaved(),
    run: () => {
      desk.router.go({ chat: null, settings: { section, id: null } });
      desk.settings.making = section;
    },
  });
  return [
    {
      id: 'accept',
      label: 'Accept the request',
      section: 'Requests',
      keys: 'Alt+A',
      can: () => connected() && soonest()?.answering === null,
      run: () => void (soonest() && acts.accept(soonest()!.offer)),
    },
    {
      id: 'decline',
      label: 'Decline the request',
      section: 'Requests',
      keys: 'Alt+X',
      can: () => connected() && soonest()?.answering === null,
      run: () => void (soonest() && acts.decline(soonest()!.offer)),
    },
    {
      id: 'offer-to-form',
      label: 'Send the request to the contact form',
      hint: 'the visitor leaves a message instead',
      section: 'Requests',
      keys: 'Alt+M',
      can: () => connected() && soonest()?.answering === null && soonest()?.offer.kind === 'new',
      run: () => void (soonest() && acts.sendOfferToForm(soonest()!.offer)),
    },
    {
      id: 'end',
      label: 'End this chat',
      section: 'This chat',
      keys: 'Alt+W',
      can: () => openRunning() !== undefined,
      run: () => view.askToEnd(openRunning()),
    },
    ask('transfer', 'Transfer this chat', 'Alt+R'),
    ask('invite', 'Invite a colleague', 'Alt+N'),
    {
      id: 'leave',
      label: 'Leave this chat to the others',
      section: 'This chat',
      can: () => connected() && (openPart()?.guests.length ?? 0) > 0,
      run: () => void (openPart() && acts.leave(openPart()!)),
    },
    {
      id: 'take-over',
      label: 'Take this chat over',
      section: 'This chat',
      can: () => connected() && openColleagues() !== undefined,
      run: () => void (openColleagues() && acts.take(openColleagues()!.id)),
    },
    {
      id: 'send-to-form',
      label: 'Send to the contact form',
      hint: 'ends the chat; the visitor leaves a message instead',
      section: 'This chat',
      can: () => connected() && forForm() !== undefined,
      run: () => view.askToSendToForm(forForm()),
    },
    {
      id: 'details',
      label: 'Show or hide the details',
      section: 'This chat',
      keys: 'Alt+I',
      can: () => desk.open !== undefined,
      run: () => (view.details = !view.details),
    },
    {
      id: 'next-unread',
      label: 'Next unread chat',
      section: 'Chats',
      keys: 'Alt+J',
      can: () => desk.chats.unreadChats.length > 0,
      run: () => acts.nextUnread(),
    },
    {
      id: 'take-next',
      label: 'Take next',
      hint: 'the one who has waited longest',
      section: 'Chats',
      keys: 'T',
      can: () => connected() && desk.directory.own.length > 0 && !desk.full,
      run: () => void acts.takeNext(),
    },
    ...Array.from({ length: 9 }, (_, at): Action => ({
      id: `chat-${at + 1}`,
      label: `Chat ${at + 1} of the list`,
      section: 'Chats',
      keys: `Alt+${at + 1}`,
      can: () => view.order[at] !== undefined,
      run: () => acts.openChat(view.order[at] ?? ''),
    })),
    {
      id: 'go-messages',
      label: 'Messages',
      hint: 'what visitors left when nobody could answer',
      section: 'Go to',
      keys: 'G M',
      can: always,
      run: () => desk.router.go({ chat: null, left: { id: null } }),
    },
    {
      id: 'go-chats',
      label: 'Chats',
      section: 'Go to',
      keys: 'G C',
      can: always,
      run: () => desk.router.go({ list: 'active', chat: null }),
    },
    list('active', 'my active chats'),
    list('waiting', 'waiting chats'),
    list('ended', 'my completed chats'),
    list('all', 'all chats', () => desk.session.may('read_all_chats')),
    {
      id: 'go-settings',
      label: 'Settings',
      section: 'Go to',
      keys: 'G S',
      can: readsStaff,
      run: () => desk.router.go({ chat: null, settings: { section: 'groups', id: null } }),
    },
    ...SECTIONS.map(({ id, label, settings }): Action => ({
      id: `settings-${id}`,
      label: `Settings: ${label}`,
      hint: settings.join(', '),
      section: 'Go to',
      can: readsStaff,
      run: () => desk.router.go({ chat: null, settings: { section: id, id: null } }),
    })),
    make('groups', 'New group'),
    make('departments', 'New department'),
    make('operators', 'New operator'),
    make('profiles', 'New profile'),
    {
      id: 'toggle-status',
      label: 'Online or away',
      section: 'Status',
      keys: 'Alt+O',
      can: connected,
      run: () => void acts.setStatus(desk.presence.wanted === 'online' ? 'away' : 'online'),
    },
    ...STATUSES.map((status): Action => ({
      id: `status-${status}`,
      label: `Go ${STATUS_WORDS[status].label.toLowerCase()}`,
      hint: STATUS_WORDS[status].hint,
      section: 'Status',
      can: () => connected() && desk.presence.wanted !== status,
      run: () => void acts.setStatus(status),
    })),
    {
      id: 'palette',
      label: 'Search chats and actions',
      section: 'Console',
      keys: 'Ctrl+K',
      can: always,
      run: () => (view.over = 'palette'),
    },
    { id: 'keys', label: 'All keys', section: 'Console', keys: '?', can: always, run: () => (view.over = 'keys') },
    {
      id: 'preferences',
      label: 'Sound and notices',
      section: 'Console',
      can: always,
      run: () => (view.over = 'preferences'),
    },
    { id: 'sign-out', label: 'Sign out', section: 'Console', can: always, run: () => void desk.signOut() },
  ];
}
