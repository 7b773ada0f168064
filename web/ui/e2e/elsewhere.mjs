// The widget on a page of another website, in real browsers: nothing appears there before an administrator names the
// website; then a visitor of it and an operator chat, and a reload of the page keeps the chat.

import { createServer } from 'node:http';
import { Administrator } from './src/administrator.mjs';
import { eventually } from './src/eventually.mjs';
import { Operator } from './src/operator.mjs';
import { URL_OF_SERVER } from './src/server.mjs';
import { Story } from './src/story.mjs';
import { Visitor } from './src/visitor.mjs';

// A page whose rules would spoil whatever they reached.
const HOSTILE = `* { font: 40px fantasy !important; letter-spacing: 9px !important } div, button, iframe { opacity: .2 !important;
position: static !important; display: inline !important; width: 20px !important; transform: rotate(9deg) !important }`;
const PAGE = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Oak and Wool</title><style>${HOSTILE}</style></head>
<body><main><h1>Oak and Wool</h1><p>Tables and blankets.</p></main>
<script async src="${URL_OF_SERVER}/widget.js" data-brand="demo"></script></body></html>`;
const ROSA = { name: 'Rosa Lind', email: 'rosa@example.com', question: 'Is the long table oiled?' };

const story = await Story.begin('elsewhere');
const { looks, browsers } = story;
const [shopper, adas, joes] = [await story.person(1280, 800), await story.person(1280, 800), await story.person(1440, 900)];
// By another name than the server's, so that browsers take it for another site: they keep what the window stores apart.
const website = createServer((_, answer) => answer.writeHead(200, { 'content-type': 'text/html' }).end(PAGE));
await new Promise((resolve) => website.listen(0, '127.0.0.1', () => resolve(undefined)));
const { port } = /** @type {import('node:net').AddressInfo} */ (website.address());
const ORIGIN = `http://localhost:${port}`;

await story.tell(tell);
website.close();

async function tell() {
  const { step } = story;
  const rosa = await step('nothing appears on a website that nobody has named', appears);
  await step('Ada names it', names);
  const joe = await step('Joe comes', () => Operator.comes(joes, 'joe'));
  await step('Rosa asks from there, and Joe answers', () => talks(rosa, joe));
  await step('the chat is there after a reload of the page', () => comesBack(rosa, joe));
  await step('Rosa ends it, and may begin another', () => ends(rosa, joe));
}

async function appears() {
  const page = await shopper.newPage();
  browsers.unnamed = true;
  const refused = page.waitForEvent('requestfailed', (request) => request.url().includes('/api/v1/status'));
  await page.goto(ORIGIN);
  await refused;
  const rosa = new Visitor(page);
  if (await rosa.launcher.isVisible()) throw new Error('the launcher is there');
  return rosa;
}

async function names() {
  const ada = await Administrator.arrives(adas);
  const { page } = ada;
  await ada.openSection('Brands');
  await page.getByRole('table').getByRole('link').first().click();
  const addresses = page.getByLabel('Addresses');
  await addresses.fill('oak-and-wool');
  await ada.saveInVain('Not saved: 1 field is not right.');
  await page.getByText('“oak-and-wool” is no website’s address, such as https://www.example.com').waitFor();
  await looks.everywhere('websites-wrong', page);
  await addresses.fill(`${ORIGIN}/, https://www.example.com`);
  await ada.save('1 change');
  await page.reload();
  await eventually('the websites after a reload', () => addresses.inputValue(), `${ORIGIN}, https://www.example.com`);
  await looks.everywhere('websites', page);
}

/**
 * @param {Visitor} rosa
 * @param {Operator} joe
 */
async function talks(rosa, joe) {
  browsers.unnamed = false;
  await rosa.page.reload();
  await rosa.launcher.waitFor();
  await eventually('the launcher as it is drawn', () => drawn(rosa), { opacity: '1', size: '15px', height: 56, right: 16, bottom: 16 });
  await looks.everywhere('elsewhere-launcher', rosa.page);
  await rosa.openChat();
  await rosa.start(ROSA);
  await joe.request(ROSA.name).waitFor();
  await joe.press('Alt+a');
  await rosa.window.getByText('Joe joined the chat').waitFor();
  await joe.say('With linseed oil, twice.');
  await rosa.text('With linseed oil, twice.').waitFor();
  await looks.everywhere('elsewhere', rosa.page);
  await joe.page.getByRole('link', { name: `localhost:${port}/` }).first().waitFor();
}

/**
 * @param {Visitor} rosa
 * @param {Operator} joe
 */
async function comesBack(rosa, joe) {
  await rosa.page.reload();
  await rosa.text('With linseed oil, twice.').waitFor();
  await rosa.say('Thank you.');
  await eventually('what Joe reads', () => joe.lines.allInnerTexts(), [ROSA.question, 'With linseed oil, twice.', 'Thank you.']);
}

/**
 * @param {Visitor} rosa
 * @param {Operator} joe
 */
async function ends(rosa, joe) {
  const { window } = rosa;
  await window.getByRole('button', { name: 'End the chat' }).first().click();
  const asked = window.getByRole('alertdialog', { name: 'End this chat?' });
  await asked.getByRole('button', { name: 'Keep chatting' }).click();
  await asked.waitFor({ state: 'hidden' });
  await window.getByRole('button', { name: 'End the chat' }).first().click();
  await looks.everywhere('visitor-ends', rosa.page);
  await asked.getByRole('button', { name: 'End the chat' }).click();
  await window.getByText('The chat has ended').waitFor();
  await joe.page.getByText('Visitor ended the chat').filter({ visible: true }).first().waitFor();
  await looks.everywhere('visitor-ended', rosa.page);
  await rosa.page.reload();
  await window.getByRole('button', { name: 'Start a new chat' }).click();
  await window.getByLabel('Your question').waitFor();
}

/**
 * How the launcher stands on the page, whatever the page's own rules say.
 * @param {Visitor} rosa
 */
function drawn(rosa) {
  return rosa.launcher.evaluate((launcher) => {
    const host = /** @type {ShadowRoot} */ (launcher.getRootNode()).host;
    const { right, bottom, height } = launcher.getBoundingClientRect();
    const [{ opacity }, { fontSize: size }] = [getComputedStyle(host), getComputedStyle(launcher)];
    const { clientWidth, clientHeight } = document.documentElement;
    return { opacity, size, height, right: clientWidth - right, bottom: clientHeight - bottom };
  });
}
