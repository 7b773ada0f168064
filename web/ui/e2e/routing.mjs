// An administrator writes in the console when a group is open, who helps it and which profiles there are, with mouse and
// keyboard; what cannot be is said at its field, what is saved is there after a reload, and visitors and colleagues
// feel it at once. Why a chat waits and why it went to whom it went is read in words.

import { Administrator } from './src/administrator.mjs';
import { eventually } from './src/eventually.mjs';
import { Operator } from './src/operator.mjs';
import { URL_OF_SERVER } from './src/server.mjs';
import { Story } from './src/story.mjs';
import { Visitor } from './src/visitor.mjs';

const ROSA = { name: 'Rosa Lind', email: 'rosa@example.com', question: 'Does the Alva sofa come in green?' };
const NILS = { name: 'Nils Berg', email: 'nils@example.com', question: 'Is the oak table solid?' };
const LENA = { name: 'Lena Roth', email: 'lena@example.com' };
const VERA = { name: 'Vera Blom', email: 'vera@example.com', text: 'Is the showroom open on Sundays?' };
const MIRA = { name: 'Mira Holm', email: 'mira@example.com', question: 'Is the grey rug still there?' };
const DAY_MS = 86_400_000;
/** Wherever the group's clock is: one of these is its today. */
const DAYS = [-1, 0, 1].map((from) => new Date(Date.now() + from * DAY_MS).toISOString().slice(0, 10));

const story = await Story.begin('routing');
const { looks } = story;
const shoppers = [
  await story.person(1280, 800), await story.person(1280, 800), await story.person(390, 844), await story.person(1280, 800),
];
const lenas = await story.person(1280, 800);
const adas = await story.person(1440, 900);
const [joes, sues] = [await story.person(1440, 900), await story.person(1440, 900)];

await story.tell(tell);

async function tell() {
  const { step } = story;
  const ada = await step('Ada signs in', () => Administrator.arrives(adas));
  const joe = await step('Joe comes', () => Operator.comes(joes, 'joe'));
  await step('Ada sets hours, and what crosses is said at once', () => hours(ada));
  const rosa = await step('on a holiday visitors get the form', closed);
  await step('without hours the group is open again, in the window that is open', () => opens(ada, rosa));
  await step('Sue helps: she belongs to Sales, and gets nothing of Support', () => helper(ada));
  await step('Support asks Sales after a second, once that is written as a number', () => overflow(ada));
  const nils = await step('Joe has his one chat, and Nils waits: why is told in words', () => waits(joe, rosa));
  const sue = await step('Sue comes and is asked for Support, and Joe, who looked at it, is told', () => helps(nils, joe));
  await step('why it went to her, and who was passed over, is told in words', () => considered(sue, joe));
  await step('a plain link leads to Sue, with the form filled in', () => linked(sue));
  await step('Ada makes a profile by keyboard alone', () => profile(ada));
  await step('Sue chooses it, and Ada sees it on the page that she has open', () => chooses(ada, sue));
  await step('nobody is free for Mira in time: she gets the form with what she has written, and Ada her message', () => inVain(ada, sue));
  await step('all the other screens are looked at', () => screens(ada));
}

/** @param {Administrator} ada */
async function hours(ada) {
  const { page } = ada;
  await ada.open('Support');
  await ada.openTab('Hours');
  await looks.everywhere('hours-off', page);
  await page.getByRole('switch', { name: 'Open at set hours only' }).click();
  const until = page.getByLabel('Monday, open until');
  await until.fill('8');
  await until.blur();
  const wrong = page.getByText('Expected a beginning before the end; hours over midnight are set on both days');
  await wrong.waitFor();
  await ada.saveInVain('Not saved: 1 field is not right.');
  await eventually('the field with the fault has the focus', () => page.evaluate(() => document.activeElement?.getAttribute('aria-label')), 'Monday, open from');
  await looks.everywhere('hours-wrong', page);
  await until.fill('1230');
  await until.blur();
  await wrong.waitFor({ state: 'detached' });
  await eventually('the time as it is written elsewhere', () => until.inputValue(), '12:30');
  await page.getByRole('button', { name: 'Add hours on Monday' }).click();
  await page.getByRole('button', { name: 'Tuesday to Friday as Monday' }).click();
  for (const [at, date] of DAYS.entries()) {
    await page.getByRole('button', { name: 'Add a day' }).click();
    await page.getByLabel(`Date of special day ${at + 1}`).fill(date);
  }
  await looks.everywhere('hours', page);
  await ada.save('1 change');
  await page.reload();
  await ada.openTab('Hours');
  const friday = page.getByLabel(/^Friday, open (from|until)/);
  await eventually('Friday after a reload', () => values(friday), ['9:00', '12:30', '13:30', '17:30']);
  await eventually('the holidays after a reload', () => values(page.getByLabel(/^Date of special day/)), DAYS);
}

/** @param {import('playwright-core').Locator} fields */
function values(fields) {
  return fields.evaluateAll((all) => all.map((one) => /** @type {HTMLInputElement} */ (one).value));
}

async function closed() {
  const rosa = await shop(0);
  await rosa.text('Nobody is here at the moment').waitFor();
  await looks.look('closed', rosa.page, await rosa.frame());
  const vera = await shop(2);
  await vera.leaveMessage(VERA);
  await vera.text('Thank you, Vera').waitFor();
  return rosa;
}

/** @param {number} at */
async function shop(at) {
  const context = shoppers[at];
  if (!context) throw new Error('there are four shoppers');
  const visitor = await Visitor.at(context);
  await visitor.openChat();
  return visitor;
}

/**
 * @param {Administrator} ada
 * @param {Visitor} rosa
 */
async function opens(ada, rosa) {
  const { page } = ada;
  await page.getByRole('switch', { name: 'Open at set hours only' }).focus();
  await ada.press('Space');
  await ada.save('1 change');
  await rosa.text('Hello, how can we help?').waitFor();
}

/** @param {Administrator} ada */
async function helper(ada) {
  const { page } = ada;
  await ada.openTab('Routing');
  await page.getByRole('switch', { name: 'Sue receives' }).click();
  await looks.everywhere('group', page);
  await ada.save('1 change');
  await ada.openSection('Groups');
  await ada.open('Sales');
  await page.getByLabel('Add a member').selectOption({ label: 'Sue' });
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  await page.getByLabel('Limit of Sue').fill('many');
  await ada.saveInVain('Not saved: 1 field is not right.');
  await page.getByText('Expected a whole number from 0 to 10000, or nothing').waitFor();
  await page.getByLabel('Limit of Sue').fill('3');
  await ada.openTab('Name');
  const name = page.getByRole('textbox', { name: 'Name', exact: true });
  await name.fill('Support');
  story.browsers.refusals += 1;
  await ada.saveInVain('Not saved: 1 field is not right.');
  await page.getByText('Name: another group has it; choose one that is free').waitFor();
  await eventually('the name has the focus', () => name.evaluate((field) => field === document.activeElement), true);
  await looks.everywhere('name-taken', page);
  await name.fill('Sales');
  await ada.save('1 change');
}

/** @param {Administrator} ada */
async function overflow(ada) {
  const { page } = ada;
  await ada.openSection('Groups');
  await ada.open('Support');
  await page.getByRole('button', { name: 'Let other groups help' }).click();
  await page.getByLabel('After', { exact: true }).fill('soon');
  await ada.saveInVain('Not saved: 1 field is not right.');
  await page.getByText('Expected 0 to 86400 seconds').waitFor();
  await eventually('the field with the fault has the focus', () => page.getByLabel('After', { exact: true }).evaluate((field) => field === document.activeElement), true);
  await looks.everywhere('overflow-wrong', page);
  await page.getByLabel('After', { exact: true }).fill('1');
  await looks.everywhere('overflow', page);
  await ada.save('1 change');
  await page.reload();
  await eventually('the wait after a reload', () => page.getByLabel('After', { exact: true }).inputValue(), '1');
  await eventually('who helps after a reload', () => page.getByLabel('Group 1 that helps').inputValue(), 'sales');
}

/**
 * @param {Operator} joe
 * @param {Visitor} rosa
 */
async function waits(joe, rosa) {
  await rosa.start(ROSA);
  await joe.request(ROSA.name).waitFor();
  await joe.press('Alt+a');
  await rosa.window.getByText('Joe joined the chat').waitFor();
  const nils = await shop(1);
  await nils.start(NILS);
  await nils.text('You are next').waitFor();
  await joe.page.getByRole('tab', { name: /^Waiting/ }).click();
  await joe.page.getByRole('link', { name: /Nils/ }).click();
  const why = joe.page.getByRole('region', { name: 'Why still waiting' });
  await why.getByText('Waiting because none of those who receive now has a free place. Of the members, 1 is full').waitFor();
  await why.getByRole('listitem').filter({ hasText: 'Nobody receives chats of this group now.' }).waitFor();
  await looks.everywhere('why-waiting', joe.page, () => joe.press('Alt+i'));
  return nils;
}

/**
 * @param {Visitor} nils
 * @param {Operator} joe
 */
async function helps(nils, joe) {
  story.browsers.gone = new URL(joe.page.url()).pathname;
  const sue = await Operator.comes(sues, 'sue');
  await sue.request(NILS.name).getByText('Sales').waitFor();
  await sue.press('Alt+a');
  await nils.window.getByText('Sue joined the chat').waitFor();
  await joe.page.getByText('Somebody else has this chat now').waitFor();
  await looks.everywhere('passed-on', joe.page);
  return sue;
}

/**
 * @param {Operator} sue
 * @param {Operator} joe
 */
async function considered(sue, joe) {
  const why = sue.page.getByRole('region', { name: 'Why this operator' });
  await why.getByText('Rang at Sue of Sales, who was next.').waitFor();
  await eventually('each member, with the reason', () => why.getByRole('listitem').allInnerTexts().then((all) => all.map(flat)), ['Sue was next']);
  await looks.everywhere('why-sue', sue.page, () => sue.press('Alt+i'));
  await joe.page.getByRole('tab', { name: /^My active/ }).click();
  await joe.page.getByRole('link', { name: /Rosa/ }).click();
  const his = joe.page.getByRole('region', { name: 'Why this operator' });
  await his.getByText(/^.*Rang at Joe, who was next\. Of the other members/).waitFor();
  const reasons = ['Joe was next', 'Bob does not receive chats', 'Mona does not receive chats', 'Sue is not active in this group'];
  await eventually('who was passed over, and why', () => his.getByRole('listitem').allInnerTexts().then((all) => all.map(flat)), reasons);
  await looks.everywhere('why-joe', joe.page, () => joe.press('Alt+i'));
}

/** @param {string} text */
function flat(text) {
  return text.replace(/\s+/g, ' ').trim();
}

/** @param {Operator} sue */
async function linked(sue) {
  const me = await sue.page.evaluate(() => fetch('/api/v1/auth/me').then((answer) => answer.json()));
  const page = await lenas.newPage();
  const said = new URLSearchParams({ ...LENA, operator: me.operator.id, department: 'sales', page: `${URL_OF_SERVER}/demo?sofa` });
  await page.goto(`${URL_OF_SERVER}/chat/demo?${said}`);
  const question = page.getByLabel('Your question');
  await question.fill('Are you in on Friday, Sue?');
  const fields = [page.getByLabel('Name'), page.getByLabel('E-mail'), page.getByLabel('Department')];
  await eventually('what the link says', () => Promise.all(fields.map((field) => field.inputValue())), [LENA.name, LENA.email, 'sales']);
  await looks.everywhere('linked', page);
  await page.getByRole('button', { name: 'Start the chat' }).click();
  await sue.request(LENA.name).waitFor();
  await sue.press('Alt+a');
  await page.getByText('Sue joined the chat').waitFor();
  await sue.page.getByText('/demo?sofa').first().waitFor();
  await looks.everywhere('linked-chat', page);
  await page.close();
}

/** @param {Administrator} ada */
async function profile(ada) {
  const { page } = ada;
  await ada.openSection('Profiles');
  await page.getByRole('heading', { name: 'No profiles yet' }).waitFor();
  await looks.everywhere('profiles-none', page);
  await page.getByRole('button', { name: 'New profile' }).first().focus();
  await ada.press('Enter');
  const asked = page.getByRole('dialog', { name: 'New profile' });
  await asked.waitFor();
  await ada.press('Enter');
  await asked.getByText('A profile needs a name').waitFor();
  await looks.look('profile-without-name', page);
  await page.keyboard.type('Only Sales');
  await ada.press('Enter');
  await page.getByRole('heading', { name: 'Only Sales', level: 1 }).waitFor();
  const sales = page.getByRole('switch', { name: 'Sales' });
  await page.getByLabel('Name').focus();
  await ada.press('Tab');
  await eventually('the first group has the focus', () => sales.evaluate((one) => one === document.activeElement), true);
  await ada.press('Space');
  await looks.everywhere('profile', page);
  await ada.save('1 change');
  await page.reload();
  await eventually('Sales after a reload', () => sales.isChecked(), true);
  await eventually('Support after a reload', () => page.getByRole('switch', { name: 'Support' }).isChecked(), false);
  await ada.openSection('Profiles');
  await page.getByRole('row', { name: /Only Sales.*Sales/ }).waitFor();
  await looks.everywhere('profiles', page);
}

/**
 * @param {Administrator} ada
 * @param {Operator} sue
 */
async function chooses(ada, sue) {
  const { page } = ada;
  await ada.openSection('Groups');
  await ada.open('Support');
  const note = page.getByText('Nothing comes to them from here now: the profile “Only Sales” leaves this group out.');
  await page.getByRole('row', { name: /^Sue/ }).getByText('Online').waitFor();
  await sue.page.reload();
  await sue.setStatus('Only Sales');
  await note.waitFor();
  await looks.everywhere('left-out', page);
  await ada.openSection('Operators');
  await looks.everywhere('operators', page);
  await ada.open('Sue');
  await page.getByText('Profile Only Sales').waitFor();
  await looks.everywhere('operator', page);
  await sue.setStatus('All my groups');
  await page.getByText('Profile Only Sales').waitFor({ state: 'detached' });
}

/**
 * @param {Administrator} ada
 * @param {Operator} sue
 */
async function inVain(ada, sue) {
  const { page } = ada;
  await sue.setStatus('Away');
  await ada.openSection('Groups');
  await ada.open('Support');
  await page.getByLabel('Longest wait', { exact: true }).fill('10');
  await ada.save('1 change');
  const mira = await shop(3);
  await mira.start(MIRA);
  await mira.text('You are next').waitFor();
  await mira.text('We could not answer').waitFor();
  const fields = ['Name', 'E-mail', 'Department', 'Your message'].map((label) => mira.window.getByLabel(label));
  const written = [MIRA.name, MIRA.email, 'support', MIRA.question];
  await eventually('what she has written', () => Promise.all(fields.map((field) => field.inputValue())), written);
  await looks.look('timed-out', mira.page, await mira.frame());
  await mira.window.getByRole('button', { name: 'Send the message' }).click();
  await mira.text('Thank you, Mira').waitFor();
  await page.getByRole('link', { name: /^Messages/ }).click();
  await page.getByRole('link', { name: /Mira/ }).click();
  await page.getByRole('link', { name: MIRA.email }).waitFor();
  await page.getByText(MIRA.question).last().waitFor();
  await looks.look('message-in-vain', page);
  await ada.openSettings();
}

/** @param {Administrator} ada */
async function screens(ada) {
  const { page } = ada;
  for (const section of /** @type {const} */ (['Presence', 'Groups', 'Departments', 'Brands'])) {
    await ada.openSection(section);
    await page.getByRole('heading', { name: section, level: 1 }).waitFor();
    await looks.everywhere(section.toLowerCase(), page);
  }
  await page.getByRole('table').getByRole('link').first().click();
  await page.getByRole('heading', { name: 'Variables', exact: true }).waitFor();
  await page.getByRole('button', { name: 'Add a value' }).click();
  await looks.everywhere('brand', page);
  await page.getByRole('button', { name: 'Discard' }).click();
  await ada.openSection('Departments');
  await ada.open('Support');
  await page.getByRole('button', { name: 'Add a skill' }).click();
  await page.getByLabel('Skill 1', { exact: true }).fill('language:de');
  await looks.everywhere('department', page);
  await page.getByRole('button', { name: 'Discard' }).click();
  await ada.openSection('Groups');
  await ada.open('Support');
  for (const tab of ['Skills and priority', 'Texts to visitors', 'Name']) {
    await ada.openTab(tab);
    await looks.everywhere(`group-${tab.split(' ')[0]?.toLowerCase()}`, page);
  }
  await ada.pressBoth('g', 'm');
  await page.getByRole('link', { name: /Vera/ }).click();
  await page.getByRole('link', { name: VERA.email }).waitFor();
  await looks.everywhere('messages', page);
}
