import { expect, test } from 'vitest';
import { GONE_LASTS, Offers } from './offers.svelte';
import { NOON, offer } from './testing';

const ids = (offers: Offers): string[] => offers.all.map((one) => one.offer.offer);

test('the request that expires soonest is on top, one that never expires is last', () => {
  const offers = new Offers();
  offers.add(offer('late', 19), NOON);
  offers.add(offer('never', null), NOON);
  offers.add(offer('soon', 6), NOON);
  expect(ids(offers)).toEqual(['soon', 'late', 'never']);
});

test('a request that is told twice rings once', () => {
  const offers = new Offers();
  expect(offers.add(offer('a', 20), NOON)).toBe(true);
  expect(offers.add(offer('a', 20), NOON)).toBe(false);
  expect(ids(offers)).toEqual(['a']);
});

test('a request somebody else took says so for two seconds, in its place', () => {
  const offers = new Offers();
  offers.add(offer('a', 10), NOON);
  offers.add(offer('b', 20), NOON);
  offers.gone('a', 'taken', 'Bob Marsh', NOON);
  expect(ids(offers)).toEqual(['a', 'b']);
  expect(offers.all[0]?.gone).toMatchObject({ why: 'taken', by: 'Bob Marsh' });
  expect(offers.ringing.map((one) => one.offer.offer)).toEqual(['b']);
  offers.tick(NOON + GONE_LASTS - 1);
  expect(ids(offers)).toEqual(['a', 'b']);
  offers.tick(NOON + GONE_LASTS);
  expect(ids(offers)).toEqual(['b']);
});

test('my own answer needs no words', () => {
  const offers = new Offers();
  offers.add(offer('a', 10), NOON);
  offers.answering('a', 'accept');
  offers.gone('a', 'taken', undefined, NOON);
  expect(ids(offers)).toEqual([]);
});

test('while I accept, a colleague may still be quicker', () => {
  const offers = new Offers();
  offers.add(offer('a', 10), NOON);
  offers.answering('a', 'accept');
  offers.gone('a', 'taken', 'Bob Marsh', NOON);
  expect(offers.all[0]?.gone?.by).toBe('Bob Marsh');
});

test('a request whose time is over stops ringing, though nobody said so', () => {
  const offers = new Offers();
  offers.add(offer('a', 10), NOON);
  offers.tick(NOON + 10_000);
  expect(offers.ringing).toHaveLength(1);
  offers.tick(NOON + 12_000);
  expect(offers.ringing).toHaveLength(0);
  expect(offers.all[0]?.gone?.why).toBe('expired');
});

test('after a reconnect only what the server still rings is there', () => {
  const offers = new Offers();
  offers.add(offer('a', 10), NOON);
  offers.add(offer('b', 20), NOON);
  offers.answering('b', 'accept');
  offers.replace([offer('b', 20), offer('c', 30)], NOON);
  expect(ids(offers)).toEqual(['b', 'c']);
  expect(offers.all[0]?.answering).toBeNull();
});
