// A visitor and an operator chat in two real browsers; in the middle of it the server is killed and started again.

import { deepStrictEqual } from 'node:assert/strict';
import { Administrator } from './src/administrator.mjs';
import { eventually } from './src/eventually.mjs';
import { Operator, PASSWORD } from './src/operator.mjs';
import * as server from './src/server.mjs';
import { Story } from './src/story.mjs';
import { Visitor } from './src/visitor.mjs';

const SHOP = 'Larkfield: furniture for slow evenings';
const LETTER = { name: 'Rosa Ferrari', email: 'rosa@example.net', text: 'Do you have this sofa in dark green?\nPlease write to me.' };
const ROSA = { name: 'Rosa Lind', email: 'rosa@example.com', question: 'Can the Alva sofa be had in green?' };

const story = await Story.begin('conversation');
const { browsers, looks } = story;
const shopper = await story.person(1280, 800);
const office = await story.person(1440, 900);
const headquarters = await story.person(1280, 800);
/** The conversation as it must stand on every page: in this order, each message once. @type {string[]} */
const said = [ROSA.question];

await story.tell(tell);

async function tell() {
  const visitor = await story.step('a visitor leaves a message while nobody is there', nobodyIsThere);
  const joe = await story.step('Joe signs in, deals with the message and goes online', joeComes);
  await story.step('the visitor starts a chat, which rings at Joe', () => itRings(visitor, joe));
  await story.step('both write, see each other type, and what was read', () => theyTalk(visitor, joe));
  await story.step('what comes while nobody looks is counted', () => unread(visitor, joe));
  await story.step('the server is killed while the visitor types', () => killed(visitor, joe));
  await story.step('nothing is lost or doubled', () => backAgain(visitor, joe));
  await story.step('what the visitor wrote while cut off outlives a reload', () => cutOff(visitor, joe));
  const second = await story.step('both reload, and the visitor opens a second tab', () => reloaded(visitor, joe));
  await story.step('Joe ends the chat', () => ended(visitor, second, joe));
  await story.step('the visitor begins anew', () => anew(visitor, second, joe));
  const ada = await story.step('an administrator lets Joe hold two chats', () => adaComes(joe));
  await story.step('the group changes to automatic, and the next chat is assigned at once', () => automatic(ada, joe));
  await story.step('the administrator sees what Joe holds, and lets Sue receive no more', () => receives(ada));
  await story.step('the group gets limits, help, hours and skills, and has them after a reload', () => rules(ada));
  await story.step('two administrators change the same group: the second is asked', () => clash(ada));
  await story.step('what is not saved is asked about, and a wrong limit is said at its field', () => unsaved(ada));
}

async function nobodyIsThere() {
  const visitor = await Visitor.at(shopper);
  await eventually('the title of the shop', () => visitor.page.title(), SHOP);
  await visitor.page.getByRole('button', { name: 'We are off-line' }).waitFor();
  await visitor.openChat();
  await visitor.text('Nobody is here at the moment').waitFor();
  await visitor.window.getByRole('button', { name: 'Send the message' }).click();
  await visitor.text('Write your e-mail address.').waitFor();
  await looks.look('offline', visitor.page, await visitor.frame());
  await visitor.leaveMessage(LETTER);
  await visitor.text('Thank you, Rosa').waitFor();
  await looks.look('thanks', visitor.page, await visitor.frame());
  await visitor.window.getByRole('button', { name: 'Leave another message' }).click();
  await eventually('the next message is empty', () => visitor.window.getByLabel('Your message').inputValue(), '');
  return visitor;
}

async function joeComes() {
  const joe = await Operator.at(office);
  await joe.page.getByRole('heading', { name: 'Sign in to the console' }).waitFor();
  await looks.look('sign-in', joe.page);
  await joe.signIn('joe@example.com', PASSWORD);
  await joe.page.getByText('No active chats').waitFor();
  const messages = joe.page.getByRole('link', { name: /^Messages/ });
  await eventually('the count of new messages', () => messages.innerText().then((text) => text.replace(/\s+/g, ' ').trim()), 'Messages 1 new');
  await messages.click();
  await joe.page.getByRole('link', { name: /Rosa/ }).click();
  await joe.page.getByRole('link', { name: LETTER.email }).waitFor();
  await looks.look('left-message', joe.page);
  await joe.page.getByRole('button', { name: 'Mark as done' }).click();
  await joe.page.getByRole('button', { name: 'Open again' }).waitFor();
  await eventually('nothing is new', () => messages.innerText().then((text) => text.trim()), 'Messages');
  await joe.page.getByRole('link', { name: 'Chats' }).click();
  await joe.page.getByText('No active chats').waitFor();
  await joe.setStatus('Online');
  await joe.page.getByText(/You are online in 1 group/).waitFor();
  await eventually('the title of the console', () => joe.page.title(), 'Switchboard');
  await looks.look('console-empty', joe.page);
  return joe;
}

/**
 * @param {Visitor} visitor
 * @param {Operator} joe
 */
async function itRings(visitor, joe) {
  await visitor.text('Hello, how can we help?').waitFor();
  await looks.look('welcome', visitor.page, await visitor.frame());
  await visitor.start(ROSA);
  await visitor.text('You are next').waitFor();
  const card = joe.request(ROSA.name);
  await card.getByText(ROSA.question).waitFor();
  await eventually('the title while it rings', () => joe.page.title(), '(1) Switchboard');
  await eventually('the two notes of a request', async () => (await joe.notes()).slice(0, 2), [587, 784]);
  const place = await card.boundingBox();
  const { width } = joe.page.viewportSize() ?? { width: 0 };
  const topRight = place !== null && place.y < 120 && width - place.x - place.width < 40;
  deepStrictEqual(topRight, true, `the card rings top right: ${JSON.stringify(place)}`);
  await looks.look('queue', visitor.page, await visitor.frame());
  await looks.look('request', joe.page);
  await joe.press('Alt+a');
  await card.waitFor({ state: 'detached' });
  await visitor.window.getByText('Joe joined the chat').waitFor();
  await bothShow(visitor, joe);
  await eventually('the title once it is read', () => joe.page.title(), 'Switchboard');
}

/**
 * @param {Visitor} visitor
 * @param {Operator} joe
 */
async function theyTalk(visitor, joe) {
  await joe.box.pressSequentially('Good evening, Rosa.');
  await visitor.window.getByRole('status').getByText(/is writing$/).waitFor();
  await joe.box.press('Enter');
  said.push('Good evening, Rosa.');
  await eventually('the mark at what Joe said', () => joe.markAt('Good evening').getAttribute('aria-label'), 'Read');

  await visitor.write('A dark green, if there is one.');
  await joe.strip.getByText('Rosa is typing').waitFor();
  await joe.strip.getByText('A dark green').waitFor();
  await looks.look('console-typing', joe.page);
  await visitor.box.press('Enter');
  said.push('A dark green, if there is one.');
  await eventually('the mark at what Rosa said', () => visitor.markAt('A dark green').innerText().then((words) => words.trim()), 'Read');
  await bothShow(visitor, joe);
  await joe.box.pressSequentially('There is');
  await visitor.window.getByRole('status').getByText(/is writing$/).waitFor();
  await looks.look('conversation', visitor.page, await visitor.frame());
  await joe.box.fill('');
  await looks.look('console-chat', joe.page);
}

/**
 * @param {Visitor} visitor
 * @param {Operator} joe
 */
async function unread(visitor, joe) {
  await visitor.minimise();
  await joe.say('There is: moss, number 14.');
  said.push('There is: moss, number 14.');
  await visitor.page.getByRole('button', { name: '1 unread' }).waitFor();
  await eventually('the title of the shop with an unread message', () => visitor.page.title(), `(1) ${SHOP}`);
  await eventually('the mark while Rosa does not look', () => joe.markAt('number 14').getAttribute('aria-label'), 'Delivered');
  await looks.look('shop-unread', visitor.page);
  await visitor.openChat();
  await eventually('the title of the shop once it is read', () => visitor.page.title(), SHOP);
  await eventually('the mark once Rosa looks', () => joe.markAt('number 14').getAttribute('aria-label'), 'Read');

  await joe.box.blur();
  await joe.pressBoth('g', 'c');
  await joe.page.getByText('No chat is open').waitFor();
  await visitor.say('Moss it is!');
  said.push('Moss it is!');
  await eventually('the title with an unread chat', () => joe.page.title(), '(1) Switchboard');
  await looks.look('console-unread', joe.page);
  await joe.press('Alt+j');
  await eventually('the title once it is read', () => joe.page.title(), 'Switchboard');
  await bothShow(visitor, joe);
}

/**
 * @param {Visitor} visitor
 * @param {Operator} joe
 */
async function killed(visitor, joe) {
  await visitor.write('How long does');
  await joe.strip.getByText('How long does').waitFor();
  browsers.serverDown = true;
  await server.kill();
  await visitor.write(' it take?');
  await visitor.box.press('Enter');
  said.push('How long does it take?');
  await eventually('the clock at what waits', () => visitor.markAt('it take?').innerText().then((words) => words.trim()), 'Waiting to be sent');
  await visitor.window.getByText('No connection.').first().waitFor();
  await joe.page.getByText(/^Connection lost/).filter({ visible: true }).waitFor();
  await looks.look('conversation-no-connection', visitor.page, await visitor.frame());
  await looks.look('console-no-connection', joe.page);
  deepStrictEqual(await visitor.lines.allInnerTexts(), said, 'what waits stands at the end');
  deepStrictEqual(await joe.lines.allInnerTexts(), said.slice(0, -1), 'Joe has it not');
}

/**
 * @param {Visitor} visitor
 * @param {Operator} joe
 */
async function backAgain(visitor, joe) {
  await server.start();
  await joe.page.getByText('Connected', { exact: true }).filter({ visible: true }).first().waitFor();
  await visitor.window.getByText('No connection.').waitFor({ state: 'hidden' });
  browsers.serverDown = false;
  await bothShow(visitor, joe);
  await joe.status.and(joe.page.getByRole('button', { name: /Online/ })).waitFor();
  await joe.say('Four weeks, to your door.');
  said.push('Four weeks, to your door.');
  await bothShow(visitor, joe);
  await eventually('the mark after the restart', () => joe.markAt('Four weeks').getAttribute('aria-label'), 'Read');
}

/**
 * The page itself can be had, its chat's connection cannot.
 * @param {Visitor} visitor
 * @param {Operator} joe
 */
async function cutOff(visitor, joe) {
  const line = await visitor.line();
  await visitor.page.reload();
  await bothShow(visitor, joe);
  await line.cut();
  await visitor.window.getByText('No connection.').first().waitFor();
  const text = 'Can I see the moss somewhere?';
  await visitor.say(text);
  await eventually('the clock at what waits', () => visitor.markAt(text).innerText().then((words) => words.trim()), 'Waiting to be sent');
  const before = line.refused;
  await visitor.page.reload();
  await eventually('the new page has tried', async () => line.refused > before, true);
  await shows('Joe', joe, said);
  said.push(text);
  line.mend();
  await bothShow(visitor, joe);
  await eventually('the mark after the cut', () => visitor.markAt(text).innerText().then((words) => words.trim()), 'Read');
}

/**
 * @param {Visitor} visitor
 * @param {Operator} joe
 */
async function reloaded(visitor, joe) {
  await visitor.page.reload();
  await joe.page.reload();
  await bothShow(visitor, joe);
  await eventually('the mark after the reload', () => joe.markAt('Four weeks').getAttribute('aria-label'), 'Read');
  const second = await Visitor.at(shopper);
  await second.openChat();
  await shows('the second tab', second, said);
  await second.say('Then I order it, from this tab.');
  said.push('Then I order it, from this tab.');
  await bothShow(visitor, joe);
  await shows('the second tab', second, said);
  return second;
}

/**
 * @param {Visitor} visitor
 * @param {Visitor} second
 * @param {Operator} joe
 */
async function ended(visitor, second, joe) {
  await joe.press('Alt+w');
  const question = joe.page.getByRole('alertdialog', { name: `End the chat with ${ROSA.name}?` });
  await question.getByText(/Rosa is still here/).waitFor();
  await looks.look('console-end', joe.page);
  await question.getByRole('button', { name: 'Keep it open' }).click();
  await question.waitFor({ state: 'detached' });
  deepStrictEqual(await visitor.box.isVisible(), true, 'the chat goes on');
  await joe.press('Alt+w');
  await question.getByRole('button', { name: 'End chat' }).click();
  await joe.page.getByText('You ended the chat').filter({ visible: true }).first().waitFor();
  for (const tab of [visitor, second]) {
    await tab.text('Thank you, Rosa').waitFor();
    await tab.text('Your chat with Joe has ended.').waitFor();
  }
  await looks.look('ended', visitor.page, await visitor.frame());
  await looks.look('console-ended', joe.page);
  await visitor.window.getByRole('button', { name: 'Read the conversation' }).click();
  await bothShow(visitor, joe);
  await looks.look('ended-conversation', visitor.page, await visitor.frame());
}

/**
 * @param {Visitor} visitor
 * @param {Visitor} second
 * @param {Operator} joe
 */
async function anew(visitor, second, joe) {
  await second.page.close();
  await visitor.window.getByRole('button', { name: 'Start a new chat' }).click();
  await visitor.text('Hello, how can we help?').waitFor();
  await eventually('the name is still known', () => visitor.window.getByLabel('Name').inputValue(), ROSA.name);
  const question = 'And a cushion to match?';
  await visitor.start({ ...ROSA, question });
  await joe.request(ROSA.name).getByText(question).waitFor();
  await joe.press('Alt+a');
  said.splice(0, said.length, question);
  await bothShow(visitor, joe);
  await joe.page.getByText('1 of 1 chat').waitFor();
}

/**
 * Joe's console knows of it without a reload.
 * @param {Operator} joe
 */
async function adaComes(joe) {
  const ada = await Administrator.at(headquarters);
  await ada.signIn('admin@example.com', PASSWORD);
  await ada.page.getByText('No active chats').waitFor();
  await ada.openSettings();
  await looks.look('settings-groups', ada.page);
  await ada.openSection('Operators');
  await looks.look('settings-operators', ada.page);
  await ada.open('Joe');
  await ada.page.getByLabel('At most').fill('2');
  await looks.look('settings-operator', ada.page);
  await ada.save('1 change');
  await joe.page.getByText('1 of 2 chats').waitFor();
  return ada;
}

/**
 * @param {Administrator} ada
 * @param {Operator} joe
 */
async function automatic(ada, joe) {
  await ada.openSection('Groups');
  await ada.open('Support');
  await ada.page.getByRole('radio', { name: /^Automatic/ }).check();
  const means = ada.page.getByRole('complementary', { name: 'What this means' });
  await means.getByText(/^Assigned to one of/).waitFor();
  await looks.look('settings-group', ada.page);
  await ada.save('1 change');
  const neighbour = await Visitor.at(await story.person(1280, 800));
  await neighbour.openChat();
  await neighbour.start({ name: 'Nils Berg', email: 'nils@example.com', question: 'Is the oak table solid?' });
  await neighbour.window.getByText('Joe joined the chat').waitFor();
  await joe.page.getByText('2 of 2 chats').waitFor();
}

/** @param {Administrator} ada */
async function receives(ada) {
  const { page } = ada;
  await page.getByRole('row', { name: /^Joe/ }).getByRole('cell', { name: '2', exact: true }).waitFor();
  const sue = page.getByRole('switch', { name: 'Sue receives' });
  await sue.click();
  const means = page.getByRole('complementary', { name: 'What this means' });
  await means.getByText('Assigned to one of 2 primary members').waitFor();
  await ada.save('1 change');
  await page.reload();
  await eventually('whether Sue receives', () => sue.isChecked(), false);
}

/** @param {Administrator} ada */
async function rules(ada) {
  const { page } = ada;
  const means = page.getByRole('complementary', { name: 'What this means' });
  await page.getByLabel('Longest queue').fill('40');
  await page.getByRole('button', { name: 'Let other groups help' }).click();
  await means.getByText('Sales joins in').waitFor();
  await looks.look('settings-rules', page);
  await page.getByRole('tab', { name: 'Hours' }).click();
  await page.getByRole('switch', { name: 'Open at set hours only' }).click();
  await page.getByLabel('Time zone').fill('Europe/Zurich');
  await page.getByText(/clocks go back from 3:00 to 2:00/).waitFor();
  await page.getByRole('button', { name: 'Add hours on Monday' }).click();
  const second = page.getByLabel('Monday, open from, span 2');
  await second.fill('1630');
  await second.blur();
  await page.getByText(/^Expected intervals that do not overlap/).waitFor();
  await looks.look('settings-hours', page);
  await second.fill('1730');
  await second.blur();
  await page.getByText(/^Expected intervals/).waitFor({ state: 'detached' });
  await page.getByRole('tab', { name: 'Skills and priority' }).click();
  await page.getByLabel('Moved ahead by').fill('91');
  await ada.press('Control+s');
  await page.getByText('Expected -90 to 90 steps').waitFor();
  await page.getByLabel('Moved ahead by').fill('2');
  await looks.look('settings-skills', page);
  await ada.save('4 changes');
  await page.reload();
  await eventually('the longest queue', () => page.getByLabel('Longest queue').inputValue(), '40');
  await page.getByRole('tab', { name: 'Hours' }).click();
  await eventually('the second span of Monday', () => page.getByLabel('Monday, open from, span 2').inputValue(), '17:30');
  await page.getByRole('switch', { name: 'Open at set hours only' }).click();
  await ada.save('1 change');
}

/** @param {Administrator} ada */
async function clash(ada) {
  const other = await Administrator.at(await story.person(1280, 800));
  await other.signIn('admin@example.com', PASSWORD);
  await other.page.getByText('No active chats').waitFor();
  await other.openSettings();
  await other.open('Support');
  const queue = (/** @type {Administrator} */ { page }) => page.getByLabel('Longest queue');
  await ada.page.getByRole('tab', { name: 'Routing' }).click();
  await queue(ada).fill('50');
  await queue(other).fill('60');
  await other.save('1 change');
  await ada.press('Control+s');
  await ada.page.getByText(/^Somebody else set this to “60 visitors”/).waitFor();
  await looks.look('settings-clash', ada.page);
  await ada.save('1 change');
  await other.page.reload();
  await eventually('the longest queue', () => queue(other).inputValue(), '50');
}

/** @param {Administrator} ada */
async function unsaved(ada) {
  const { page } = ada;
  await page.getByLabel('Limit of Sue').fill('many');
  await ada.press('Control+s');
  await page.getByText(/^Expected a whole number from 0 to/).waitFor();
  await looks.look('settings-wrong', page);
  await page.goBack();
  const asked = page.getByRole('alertdialog', { name: '1 change not saved' });
  await asked.getByRole('button', { name: 'Stay here' }).click();
  await eventually('the limit as it was written', () => page.getByLabel('Limit of Sue').inputValue(), 'many');
  await ada.openSection('Operators');
  await asked.getByRole('button', { name: 'Leave without saving' }).click();
  await page.getByRole('heading', { name: 'Operators', level: 1 }).waitFor();
  await ada.openSection('Groups');
  await ada.open('Support');
  await eventually('the limit as it is', () => page.getByLabel('Limit of Sue').inputValue(), '');
}

/**
 * Both pages have the whole conversation, in order, each message once.
 * @param {Visitor} visitor
 * @param {Operator} joe
 */
async function bothShow(visitor, joe) {
  await shows('Joe', joe, said);
  await shows('the visitor', visitor, said);
}

/**
 * @param {string} who
 * @param {Visitor | Operator} side
 * @param {readonly string[]} wanted
 */
async function shows(who, side, wanted) {
  await eventually(`the conversation of ${who}`, () => side.lines.allInnerTexts(), [...wanted]);
}
