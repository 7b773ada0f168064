import { describe, expect, it } from 'vitest';
import type { WelcomeScreen, WindowDepartment } from '@switchboard/protocol';
import { hiddenOf, settledDepartment } from '../src/window/form';
import { readGiven, readPage, subjectOf } from '../src/window/given';

const SUE = '0190a0a0a0a07000800000000000beef';

describe('what a page says of its visitor', () => {
  it('is taken where it has the right form', () => {
    const given = {
      name: 'Clara Wendt', email: 'clara@larkfield.example', operator: SUE, department: 'sales', language: 'pt-BR',
      variables: { tier: 'gold', orders: 3, member: true }, identity: 'e30.e30.c2ln',
    };
    expect(readGiven(given)).toEqual(given);
    expect(readGiven({ name: ' Clara ', operator: '0190A0A0-A0A0-7000-8000-00000000BEEF' })).toEqual({
      name: 'Clara', operator: SUE,
    });
  });

  it.each([
    ['nothing', undefined],
    ['a text', 'Clara'],
    ['a list', ['Clara']],
    ['empty values', { name: ' ', email: '', department: '', language: '', variables: {} }],
    ['wrong values', {
      name: 7, email: 'clara@larkfield', operator: 'sue', department: 'no id', language: 'english please', variables: ['gold'],
      identity: 'customer-7',
    }],
    ['an identity that is too long', { identity: `e30.e30.${'x'.repeat(9_000)}` }],
    ['a name that is too long', { name: 'x'.repeat(101) }],
  ])('is left out where it is %s: the chat would be refused for it', (_what, said) => {
    expect(readGiven(said)).toEqual({});
  });

  it('has variables that are plain values with names of the right form', () => {
    const variables = { tier: 'gold ', 'no name': 'x', empty: ' ', none: null, list: [1], deep: { a: 1 }, nan: Number.NaN, 'cart.sum': 12.5 };
    expect(readGiven({ variables }).variables).toEqual({ tier: 'gold', 'cart.sum': 12.5 });
  });

  it('never grows a greeting beyond what the server takes', () => {
    const many = Object.fromEntries(Array.from({ length: 80 }, (_, n) => [`v${n}`, '\u{1f600}'.repeat(2_000)]));
    const kept = readGiven({ variables: many }).variables ?? {};
    expect([...(kept['v0'] as string)]).toHaveLength(1_000);
    expect(new TextEncoder().encode(JSON.stringify(kept)).length).toBeLessThan(32 * 1024);
    const small = Object.fromEntries(Array.from({ length: 80 }, (_, n) => [`v${n}`, n]));
    expect(Object.keys(readGiven({ variables: small }).variables ?? {})).toHaveLength(50);
  });
});

describe('an identity', () => {
  const token = (claims: object): string => {
    const part = (value: object): string =>
      btoa(String.fromCharCode(...new TextEncoder().encode(JSON.stringify(value)))).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
    return `${part({ alg: 'HS256' })}.${part(claims)}.c2ln`;
  };

  it('is for the same visitor as long as its subject is the same', () => {
    expect(subjectOf(token({ sub: 'Zoë 7', exp: 1 }))).toBe('Zoë 7');
    expect(subjectOf(token({ sub: '7', exp: 1 }))).toBe(subjectOf(token({ sub: '7', exp: 2 })));
    expect(subjectOf(undefined)).toBeNull();
    expect(subjectOf('a.b.c'), 'one that cannot be read is nobody else’s').toBe('a.b.c');
  });
});

describe('a form', () => {
  const asks: WelcomeScreen = { on: true, name: 'required', email: 'hidden', question: 'required' };
  const two: WindowDepartment[] = [
    { id: 'support', name: 'Support', state: 'busy' },
    { id: 'sales', name: 'Sales', state: 'offline' },
  ];
  const clara = { name: 'Clara', email: 'clara@larkfield.example' };

  it('leaves to the page only what it does not ask for', () => {
    expect(hiddenOf(clara, asks)).toEqual({ email: clara.email });
    expect(hiddenOf(clara, { ...asks, on: false })).toEqual(clara);
    expect(hiddenOf({}, { ...asks, on: false })).toEqual({});
  });

  it('need not ask for a department that the page names, while somebody is there', () => {
    expect(settledDepartment({ department: 'support' }, two)).toBe('support');
    expect(settledDepartment({ department: 'sales' }, two), 'nobody is there').toBeUndefined();
    expect(settledDepartment({ department: 'none' }, two)).toBeUndefined();
    expect(settledDepartment({}, two)).toBeUndefined();
    expect(settledDepartment({ department: 'none' }, two.slice(0, 1)), 'there is no choice').toBeNull();
  });
});

describe('the page a visitor is on', () => {
  it('is told as far as the server takes it', () => {
    const page = { url: `https://shop.example/?${'q'.repeat(3_000)}`, title: `A\n  long ${'🧦'.repeat(400)}` };
    const { url, title } = readPage(page);
    expect(url).toBe(page.url.slice(0, 2_048));
    expect([...title]).toHaveLength(300);
    expect(title).toMatch(/^A long 🧦+$/u);
    const short = { url: 'https://shop.example/', title: 'Shop', referrer: 'https://search.example/' };
    expect(readPage(short)).toEqual(short);
  });
});
