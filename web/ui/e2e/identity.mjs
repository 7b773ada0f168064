// A site that vouches for its visitors, in real browsers: an administrator adds a key, a visitor comes with what it has
// signed, operators see the lock, and whoever signs out of the page leaves nothing behind.

import { createHmac } from 'node:crypto';
import { Administrator } from './src/administrator.mjs';
import { eventually } from './src/eventually.mjs';
import { Operator } from './src/operator.mjs';
import { Story } from './src/story.mjs';
import { Visitor } from './src/visitor.mjs';

const SECRET = 'the-shop-signs-with-this-secret-of-its-own';
const KEY = '2026.a';
const ANN = { name: 'Ann Lund', email: 'ann@example.com', question: 'Where is my order 4711?' };

const story = await Story.begin('identity');
const { looks } = story;
const [shopper, adas, joes] = [await story.person(1280, 800), await story.person(1280, 800), await story.person(1440, 900)];

await story.tell(tell);

async function tell() {
  const { step } = story;
  const ada = await step('Ada gives the brand a key', addsAKey);
  const joe = await step('Joe comes', () => Operator.comes(joes, 'joe'));
  const ann = await step('Ann, for whom the shop vouches, asks, and Joe sees the lock', () => asks(joe));
  await step('Ada moves her chats ahead', () => setsPriority(ada));
  await step('Ann is there again after a reload, and nobody after signing out', () => comesAndGoes(ann));
  await step('Ada removes the key', () => removesIt(ada));
}

async function addsAKey() {
  const ada = await Administrator.arrives(adas);
  const { page } = ada;
  await ada.openSection('Brands');
  await page.getByRole('table').getByRole('link').first().click();
  await page.getByText('No keys: nobody is verified').waitFor();
  await page.getByRole('button', { name: 'Add a key' }).click();
  await page.getByLabel('Name', { exact: true }).last().fill(KEY);
  await page.getByRole('textbox', { name: 'Secret' }).fill('too short');
  await page.getByRole('button', { name: 'Add the key' }).click();
  const tooShort = page.getByText('Expected 32 characters or more');
  await tooShort.waitFor();
  await page.getByRole('textbox', { name: 'Secret' }).fill(SECRET);
  await tooShort.waitFor({ state: 'detached' });
  await looks.look('identity-key', page);
  await page.getByRole('button', { name: 'Add the key' }).click();
  await page.getByRole('list', { name: 'Identity keys' }).getByText(KEY).waitFor();
  await looks.look('identity-keys', page);
  return ada;
}

/** @param {Operator} joe */
async function asks(joe) {
  const identity = signed('customer-7', { tier: 'gold' });
  await shopper.addInitScript((said) => {
    // An empty page and the window within the page have no storage of their own.
    if (location.protocol === 'http:' && window.top === window && !sessionStorage.getItem('signed out')) Object.assign(window, { switchboardSettings: said });
  }, { identity, variables: { tier: 'silver', cart: 'full' } });
  const ann = await Visitor.at(shopper);
  await ann.openChat();
  await ann.start(ANN);
  const request = joe.request(ANN.name);
  await request.getByText('verified', { exact: true }).waitFor();
  await looks.look('request-verified', joe.page);
  await joe.press('Alt+a');
  await ann.window.getByText('Joe joined the chat').waitFor();
  await joe.page.getByText('Verified: customer-7').waitFor();
  await joe.page.getByText('not verified', { exact: true }).waitFor();
  await eventually('what the site has signed', () => part(joe, 'The site has signed'), 'tier gold');
  await eventually('what only the page says', () => part(joe, 'The page says'), 'cart full');
  await looks.look('visitor-verified', joe.page);
  return ann;
}

/**
 * What stands in a part of the details.
 * @param {Operator} joe
 * @param {string} title
 */
async function part({ page }, title) {
  const text = await page.getByRole('region', { name: title }).locator('dl').innerText();
  return text.replace(/\s+/g, ' ').trim();
}

/** @param {Administrator} ada */
async function setsPriority({ page }) {
  const chats = await page.evaluate(async () => (await fetch('/api/v1/chats')).json());
  await page.goto(new URL(`/chats/${chats.items[0].id}`, page.url()).href);
  const steps = page.getByLabel('Moved ahead by');
  await steps.fill('30');
  await page.getByRole('region', { name: 'Contact' }).getByRole('button', { name: 'Save' }).click();
  await page.getByText('Saved').first().waitFor();
}

/** @param {Visitor} ann */
async function comesAndGoes(ann) {
  await ann.page.reload();
  await ann.text(ANN.question).waitFor();
  await ann.page.evaluate(() => {
    sessionStorage.setItem('signed out', 'yes');
    /** @type {any} */ (window).Switchboard.logout();
  });
  await ann.launcher.waitFor();
  await ann.page.reload();
  await ann.openChat();
  await ann.window.getByLabel('Your question').waitFor();
  if (await ann.text(ANN.question).count()) throw new Error('who signed out has left the chat behind');
}

/** @param {Administrator} ada */
async function removesIt(ada) {
  const { page } = ada;
  await ada.openSettings();
  await ada.openSection('Brands');
  await page.getByRole('table').getByRole('link').first().click();
  await page.getByRole('button', { name: `Remove the key ${KEY}` }).click();
  await page.getByRole('alertdialog').getByRole('button', { name: 'Remove' }).click();
  await page.getByText('No keys: nobody is verified').waitFor();
}

/**
 * As the shop's own server does it.
 * @param {string} subject
 * @param {object} variables
 */
function signed(subject, variables) {
  const part = (/** @type {object} */ value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const said = `${part({ alg: 'HS256', kid: KEY })}.${part({ sub: subject, exp: Math.floor(Date.now() / 1000) + 3_600, aud: 'demo', variables })}`;
  return `${said}.${createHmac('sha256', SECRET).update(said).digest('base64url')}`;
}
