// Every word that the window shows, by key. A brand's own texts take the place of these.

const ENGLISH = {
  'window.title': 'Chat with {brand}',
  'header.online': 'We are here',
  'header.busy': 'All busy, short wait',
  'header.offline': 'Off-line at the moment',
  'header.connecting': 'Connecting…',
  'header.waiting': 'You are in the queue',
  'header.team': '{brand} team',
  'header.ended': 'The chat has ended',
  'header.minimise': 'Minimise',
  'header.end': 'End the chat',

  'welcome.title': 'Hello, how can we help?',
  'welcome.name': 'Name',
  'welcome.name_hint': 'Your name',
  'welcome.email': 'E-mail',
  'welcome.email_hint': 'name@example.com',
  'welcome.department': 'Department',
  'welcome.department_choose': 'Choose one',
  'welcome.department_busy': '{name} (all busy)',
  'welcome.department_offline': '{name} (off-line)',
  'welcome.question': 'Your question',
  'welcome.optional': 'optional',
  'welcome.start': 'Start the chat',
  'welcome.offline': 'Nobody is here at the moment. What you wrote stays here until somebody is back.',
  'welcome.failed': 'The chat could not be started. Try again in a moment.',

  'error.name': 'Write your name.',
  'error.email': 'Write your e-mail address.',
  'error.email_form': 'An e-mail address has the form name@example.com.',
  'error.email_domain': 'The part after @ is not complete.',
  'error.question': 'Write your question.',
  'error.department': 'Choose a department.',
  'error.department_offline': 'Nobody is there at the moment. Choose another one.',
  'error.invalid': 'This cannot be used here.',

  'offline.title': 'Nobody is here at the moment',
  'offline.text': 'Leave this window open: it tells you as soon as somebody is back.',

  'queue.connecting': 'Connecting…',
  'queue.connecting_text': 'We are looking for somebody who is free.',
  'queue.next': 'You are next',
  'queue.ahead_one': 'person is ahead of you',
  'queue.ahead_other': 'people are ahead of you',
  'queue.text': 'You keep your place if the connection drops for a moment or you go to another page.',
  'queue.leave': 'Leave the queue',

  'chat.log': 'Conversation',
  'chat.today': 'Today',
  'chat.yesterday': 'Yesterday',
  'chat.by': '{name}, {time}',
  'chat.joined': '{name} joined the chat',
  'chat.transferred': 'You were transferred to {name}',
  'chat.left': '{name} left the chat',
  'chat.ended': 'The chat ended',
  'chat.somebody': 'Our team',
  'chat.waiting': 'Waiting to be sent',
  'chat.sending': 'Sending',
  'chat.sent': 'Sent {time}',
  'chat.delivered': 'Delivered',
  'chat.read': 'Read',
  'chat.failed': 'Not sent',
  'chat.failed_ended': 'Not sent: the chat had ended',
  'chat.typing': '{name} is writing',
  'chat.new_one': '1 new message',
  'chat.new_other': '{count} new messages',
  'chat.older': 'Loading the conversation…',

  'composer.label': 'Message',
  'composer.hint': 'Write a message',
  'composer.hint_later': 'Keep writing, it is sent later',
  'composer.send': 'Send',
  'composer.full': 'Too many messages wait to be sent. They go out when the connection is back.',
  'composer.too_long': 'This message is too long. Send it in two.',

  'end.title': 'End this chat?',
  'end.yes': 'End the chat',
  'end.no': 'Keep chatting',

  'ended.title': 'Thank you, {name}',
  'ended.title_guest': 'Thank you',
  'ended.closed': 'The chat has ended.',
  'ended.closed_with': 'Your chat with {name} has ended.',
  'ended.left': 'You were away for a while, so the chat was closed.',
  'ended.timed_out': 'Nobody became free in time. We are sorry.',
  'ended.timed_out_title': 'We could not answer',
  'ended.offline': 'Our team has gone off-line.',
  'ended.conversation': 'Read the conversation',
  'ended.again': 'Start a new chat',

  'connection.lost': 'No connection.',
  'connection.retry_in': 'Trying again in {seconds} s',
  'connection.now': 'Now',
  'connection.connecting': 'Connecting again…',
  'connection.stopped': 'The server has closed this chat window.',
  'connection.replaced': 'The chat is open in too many places, so it was closed here.',
  'connection.version': 'There is a newer version of this window. Reload the page.',
  'connection.again': 'Connect again',
} as const;

export type TextKey = keyof typeof ENGLISH;
export type Translate = (key: TextKey, values?: Record<string, string | number>) => string;

/** Says a text in the brand's own words where it has some. */
export function translator(own: Record<string, string | undefined> = {}): Translate {
  return (key, values = {}) =>
    (own[key] || ENGLISH[key]).replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}
