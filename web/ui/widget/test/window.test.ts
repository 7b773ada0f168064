import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { VisitorEvent, WelcomeScreen, WindowDepartment } from '@switchboard/protocol';
import { contrast, onColor, palette } from '../src/window/color';
import { check, checkMessage, letterOf, startOf, type FormValues } from '../src/window/form';
import { pieces } from '../src/window/links';
import { daysAgo, initials, localeOf } from '../src/window/people';
import { translator } from '../src/window/texts';
import { TypingNotices } from '../src/window/typing';
import { message, visitor } from './fakes';

describe('colours', () => {
  const brands = ['#24594a', '#2f55d4', '#ffd400', '#ff6600', '#000000', '#ffffff', '#808080', '#e91e63', '#00bcd4', 'nonsense'];

  it.each(brands)('%s gives texts that can be read on all their grounds', (brand) => {
    const colors = palette(brand);
    expect(contrast(colors['--on-brand']!, colors['--brand']!)).toBeGreaterThanOrEqual(4.5);
    expect(contrast(colors['--on-brand']!, colors['--brand-hover']!)).toBeGreaterThanOrEqual(4.5);
    for (const ground of ['#ffffff', colors['--soft-light']!]) {
      expect(contrast(colors['--brand-text-light']!, ground)).toBeGreaterThanOrEqual(4.5);
    }
    for (const ground of ['#16191d', colors['--soft-dark']!]) {
      expect(contrast(colors['--brand-text-dark']!, ground)).toBeGreaterThanOrEqual(4.5);
    }
  });

  it('put black on what is too light for white', () => {
    expect(onColor('#24594a')).toBe('#ffffff');
    expect(onColor('#ffd400')).toBe('#000000');
  });
});

describe('links', () => {
  it.each([
    ['See https://a.example/b?c=1#d.', ['See ', '[https://a.example/b?c=1#d]', '.']],
    ['(https://a.example/x_(y)) and www.b.example!', ['(', '[https://a.example/x_(y)]', ') and ', '[www.b.example]', '!']],
    ['javascript:alert(1) ftp://x.example', ['javascript:alert(1) ftp://x.example']],
    ['<a href="https://a.example">', ['<a href="', '[https://a.example]', '">']],
    ['no links: a.example, https://', ['no links: a.example, https://']],
  ])('in %j', (text, expected) => {
    const found = pieces(text);
    expect(found.map((piece) => (piece.href ? `[${piece.text}]` : piece.text))).toEqual(expected);
    expect(found.map((piece) => piece.text).join('')).toBe(text);
    for (const { href } of found) if (href) expect(href).toMatch(/^https?:/);
  });
});

describe('the welcome form', () => {
  const rules: WelcomeScreen = { on: true, name: 'required', email: 'optional', question: 'required' };
  const two: WindowDepartment[] = [
    { id: 'support', name: 'Support', state: 'online' },
    { id: 'sales', name: 'Sales', state: 'offline' },
  ];
  const filled: FormValues = { name: ' Clara ', email: 'clara@larkfield.example', department: 'support', question: 'Hello' };

  it('asks for what is required and accepts what is complete', () => {
    expect(check(filled, rules, two)).toEqual({});
    expect(check({ name: ' ', email: '', department: '', question: '' }, rules, two)).toEqual({
      name: 'error.name', department: 'error.department', question: 'error.question',
    });
  });

  it.each([
    ['clara.wendt@example', 'error.email_domain'],
    ['clara@example.', 'error.email_domain'],
    ['clara@-x.example', 'error.email_domain'],
    ['clara', 'error.email_form'],
    ['@larkfield.example', 'error.email_form'],
    ['a b@larkfield.example', 'error.email_form'],
    ['a@b@larkfield.example', 'error.email_form'],
  ])('tells what is wrong with %s', (email, error) => {
    expect(check({ ...filled, email }, rules, two).email).toBe(error);
  });

  it('does not let a department be chosen where nobody is', () => {
    expect(check({ ...filled, department: 'sales' }, rules, two).department).toBe('error.department_offline');
    expect(check({ ...filled, department: '' }, rules, two.slice(0, 1)).department).toBeUndefined();
  });

  it('sends what was filled in and nothing that was not asked', () => {
    expect(startOf('1', filled, rules, two)).toEqual({
      id: '1', name: 'Clara', email: 'clara@larkfield.example', question: 'Hello', department: 'support',
    });
    expect(startOf('1', { ...filled, email: ' ' }, { ...rules, name: 'hidden' }, [])).toEqual({ id: '1', question: 'Hello' });
    expect(startOf('1', filled, { ...rules, on: false }, [])).toEqual({ id: '1' });
  });
});

describe('the off-line form', () => {
  it('needs an address and a message, and nothing else', () => {
    const filled: FormValues = { name: '', email: 'clara@larkfield.example', department: '', question: 'Hello' };
    expect(checkMessage(filled)).toEqual({});
    expect(checkMessage({ ...filled, email: ' ', question: ' ' })).toEqual({ email: 'error.email', question: 'error.message' });
    expect(checkMessage({ ...filled, email: 'clara' }).email).toBe('error.email_form');
  });

  const departments: WindowDepartment[] = [
    { id: 'support', name: 'Support', state: 'busy' },
    { id: 'sales', name: 'Sales', state: 'online' },
  ];
  const asked = { name: 'Clara', email: 'clara@larkfield.example', department: 'support', question: 'Where is my sofa?' };

  /** Clara has asked Support, and this is how her chat ended. */
  async function ended(event: VisitorEvent) {
    const { server, client } = await visitor(undefined, { department: 'sales' });
    server.welcomes({}, departments);
    client.memory.set('name', asked.name);
    client.memory.set('email', asked.email);
    client.start(asked);
    server.says({ type: 'ack', id: server.take('start')[0].id, chat: 'chat-1' });
    server.event(1, { kind: 'started' });
    server.event(2, message(asked.question, 'visitor'));
    server.event(3, { kind: 'queued' });
    server.event(4, event);
    return client;
  }

  it('has all that was written when nobody answered in time, for who was asked', async () => {
    const client = await ended({ kind: 'ended', by: 'system', why: 'timed_out' });
    expect(letterOf(client, '')).toEqual(asked);
    expect(letterOf(client, 'And my table?')).toEqual({ ...asked, question: 'And my table?' });
  });

  it('says nothing again that was answered, and proposes where the page would have it asked', async () => {
    const client = await ended({ kind: 'ended', by: 'operator', why: 'closed' });
    expect(letterOf(client, '')).toEqual({ ...asked, department: 'sales', question: '' });
  });

  it('proposes no department that is gone', async () => {
    const { server, client } = await visitor(undefined, { department: 'spares' });
    server.welcomes({ state: 'offline' }, departments);
    expect(letterOf(client, '').department).toBe('');
  });
});

describe('words', () => {
  it('are the brand’s own where it has some', () => {
    const t = translator({ 'welcome.title': 'Hi from {brand}', 'chat.read': '' });
    expect(t('welcome.title', { brand: 'Larkfield' })).toBe('Hi from Larkfield');
    expect(t('chat.read')).toBe('Read');
    expect(t('chat.by', { name: 'Sue' })).toBe('Sue, {time}');
  });

  it('name people and days', () => {
    expect(initials('Sue Tanaka')).toBe('ST');
    expect(initials('  madonna ')).toBe('M');
    expect(initials('')).toBe('');
    expect(localeOf('en', ['de-AT', 'en-GB'])).toBe('en-GB');
    expect(localeOf('fr', ['de-AT'])).toBe('fr');
    const noon = new Date(2026, 10, 21, 12).getTime();
    expect(daysAgo(new Date(2026, 10, 21, 0, 1).getTime(), noon)).toBe(0);
    expect(daysAgo(new Date(2026, 10, 20, 23, 59).getTime(), noon)).toBe(1);
  });
});

describe('typing notices', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  it('are sent once a second at most, with the newest text, and end', () => {
    const sent: string[] = [];
    const notices = new TypingNotices((on, preview) => sent.push(on ? preview : 'off'));
    for (const text of ['H', 'He', 'Hel', 'Hell']) notices.wrote(text);
    expect(sent).toEqual(['H']);
    vi.advanceTimersByTime(1_000);
    expect(sent).toEqual(['H', 'Hell']);
    vi.advanceTimersByTime(4_000);
    expect(sent).toEqual(['H', 'Hell', 'off']);
    notices.wrote('x'.repeat(300));
    expect(sent.at(-1)).toHaveLength(200);
    notices.wrote('');
    expect(sent.at(-1)).toBe('off');
    notices.stopped();
    expect(sent).toHaveLength(5);
  });
});
