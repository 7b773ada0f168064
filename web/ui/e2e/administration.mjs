// An administrator and a manager set up who gets which chats, in real browsers, and everybody feels it at once: skills of
// a department, variables that a brand believes, who receives; an operator and a group are removed while chats depend on
// them; and whoever does nothing is away.

import { Administrator } from './src/administrator.mjs';
import { eventually } from './src/eventually.mjs';
import { Operator, PASSWORD } from './src/operator.mjs';
import { Story } from './src/story.mjs';
import { Visitor } from './src/visitor.mjs';

const ROSA = { name: 'Rosa Lind', email: 'rosa@example.com', question: 'The Alva sofa is too long. Can it go back?' };
const NILS = { name: 'Nils Berg', email: 'nils@example.com', question: 'My table came with a scratch.' };
const VERA = { name: 'Vera Blom', email: 'vera@example.com', question: 'Where is my refund?' };
/** What the page knows of Vera. */
const SETTINGS = { name: VERA.name, email: VERA.email, department: 'support', variables: { tier: 'gold', orders: 12 } };

const story = await Story.begin('administration');
const { looks } = story;
const shoppers = [await story.person(1280, 800), await story.person(1280, 800), await story.person(1280, 800)];
const [adas, monas] = [await story.person(1280, 800), await story.person(1440, 900)];
const [joes, bobs, sues] = [await story.person(1280, 800), await story.person(1280, 800), await story.person(1280, 800)];

await story.tell(tell);

async function tell() {
  const { step } = story;
  const ada = await step('Ada signs in', () => Administrator.arrives(adas));
  await step('Support needs a skill, and Bob and Sue have it', () => skills(ada));
  await step('the brand believes what its pages say of a tier', () => variables(ada));
  const joe = await step('Joe comes first', () => Operator.comes(joes, 'joe'));
  const bob = await step('Bob comes', () => Operator.comes(bobs, 'bob'));
  await step('a chat that needs the skill rings at Bob, although Joe was there first', () => bySkill(joe, bob));
  const nils = await step('whom the page calls a gold customer is served before who came earlier', () => byVariable(bob));
  const mona = await step('Mona lets Joe receive no more, at once', () => receives(joe));
  await step('Ada sets the time zone of the company, which groups follow', () => zone(ada));
  const sue = await step('Sue takes chats by hand, until Ada lets them ring at her', () => handles(ada));
  await step('Ada removes Bob, whose chats ring at Sue', () => removesBob(ada, bob, sue));
  await step('Ada removes Support: who waits is sent to the form, what runs goes on', () => removesSupport(ada, sue, nils));
  await step('it is being removed for everybody, also after a reload, until the last chat ends', () => goes(ada, mona, sue));
  await step('Ada sets after which time one is away', () => presence(ada));
  await step('Joe, who does nothing, is away', () => away(joe));
}

/**
 * The server refuses to remove what chats depend on, and is asked all the same: the dialog goes by its answer.
 * @param {() => Promise<void>} act
 */
async function refused(act) {
  story.browsers.refusals += 1;
  await act();
}

/** @param {Administrator} ada */
async function skills(ada) {
  const { page } = ada;
  await ada.openSection('Departments');
  await looks.look('departments', page);
  await ada.open('Support');
  await page.getByRole('button', { name: 'Add a skill' }).click();
  await page.getByLabel('Skill 1', { exact: true }).fill('returns');
  await page.getByLabel('Level of returns').selectOption('5');
  await looks.look('department', page);
  await ada.save('1 change');
  for (const [name, level] of [['Bob', '7'], ['Sue', '9']]) {
    await ada.openSection('Operators');
    await ada.open(String(name));
    await page.getByRole('button', { name: 'Add a skill' }).click();
    await page.getByLabel('Skill 1', { exact: true }).fill('returns');
    await page.getByLabel('Level of returns').selectOption(String(level));
    await ada.save('1 change');
  }
}

/** @param {Administrator} ada */
async function variables(ada) {
  const { page } = ada;
  await ada.openSection('Brands');
  await looks.look('brands', page);
  await page.getByRole('table').getByRole('link').first().click();
  await page.getByLabel('Believed').fill('tier');
  await page.getByRole('button', { name: 'Add a value' }).click();
  await page.getByLabel('Value of tier').fill('gold');
  await page.getByLabel('Steps of tier gold').fill('30');
  await looks.look('brand', page);
  await ada.save('2 changes');
}

/**
 * @param {number} at
 * @param {object} [settings] what the page says of its visitor
 */
async function shop(at, settings) {
  const context = shoppers[at];
  if (!context) throw new Error('there are three shoppers');
  if (settings) await context.addInitScript((said) => void Object.assign(window, { switchboardSettings: said }), settings);
  const visitor = await Visitor.at(context);
  await visitor.openChat();
  return visitor;
}

/**
 * @param {Operator} joe
 * @param {Operator} bob
 */
async function bySkill(joe, bob) {
  const rosa = await shop(0);
  await rosa.start(ROSA);
  await bob.request(ROSA.name).waitFor();
  await bob.press('Alt+a');
  await rosa.window.getByText('Bob joined the chat').waitFor();
  await bob.setStatus('Busy');
  await eventually('what rings at Joe', () => joe.requests.getByRole('article').count(), 0);
}

/** @param {Operator} bob */
async function byVariable(bob) {
  const nils = await shop(1);
  await nils.start(NILS);
  await nils.text('You are next').waitFor();
  const vera = await shop(2, SETTINGS);
  const { window } = vera;
  await window.getByLabel('Your question').fill(VERA.question);
  await eventually('the name that the page knows', () => window.getByLabel('Name').inputValue(), VERA.name);
  await eventually('the department that it proposes', () => window.getByLabel('Department').inputValue(), 'support');
  await looks.look('proposed', vera.page, await vera.frame());
  await window.getByRole('button', { name: 'Start the chat' }).click();
  await vera.text('You are next').waitFor();
  await nils.window.getByText('person is ahead of you').waitFor();
  await bob.setStatus('Online');
  await bob.request(VERA.name).waitFor();
  await bob.press('Alt+a');
  await vera.window.getByText('Bob joined the chat').waitFor();
  const said = bob.page.locator('section').filter({ has: bob.page.getByRole('heading', { name: 'The page says' }) });
  await eventually('what Bob reads of her', () => said.locator('dl').innerText().then(flat), 'orders 12 tier gold');
  await looks.look('said-by-the-page', bob.page);
  return nils;
}

/** @param {string} text */
function flat(text) {
  return text.replace(/\s+/g, ' ').trim();
}

/** @param {Operator} joe */
async function receives(joe) {
  const mona = await Administrator.at(monas);
  await mona.signIn('mona@example.com', PASSWORD);
  await mona.page.getByText('No active chats').waitFor();
  await mona.openSettings();
  await mona.open('Support');
  const { page } = mona;
  await page.getByRole('switch', { name: 'Joe receives' }).click();
  await joe.page.getByRole('button', { name: /^Your status: Online.*no groups for new chats/ }).waitFor();
  await eventually('nothing is left to save', () => page.getByRole('button', { name: /^Save/ }).count(), 0);
  await looks.look('managers-switch', page);
  await joe.press('Control+k');
  const search = joe.page.getByRole('combobox', { name: 'Search chats and actions' });
  await search.fill('get new');
  await looks.look('palette', joe.page);
  await search.press('Enter');
  const isOn = () => page.getByRole('switch', { name: 'Joe receives' }).isChecked();
  await eventually('Mona sees it on the page that she has open', isOn, true);
  const row = page.getByRole('row', { name: /^Joe/ });
  await row.getByText('Online').waitFor();
  await joe.setStatus('Away');
  await row.getByText('Away').waitFor();
  await joe.setStatus('Online');
  await row.getByText('Online').waitFor();
  return mona;
}

/** @param {Administrator} ada */
async function presence(ada) {
  await ada.openSection('Presence');
  await ada.page.getByLabel('Away after').fill('10');
  await looks.look('presence', ada.page);
  await ada.save('1 change');
}

/** @param {Administrator} ada */
async function zone(ada) {
  const { page } = ada;
  await ada.openSection('Company');
  const field = page.getByLabel('Time zone');
  await eventually('the zone at first', () => field.inputValue(), 'UTC');
  await field.fill('Mars/Olympus');
  await ada.press('Control+s');
  await page.getByText('Expected the name of a time zone, such as Europe/Zurich').waitFor();
  await looks.look('company', page);
  await field.fill('Asia/Tokyo');
  await ada.save('1 change');
  await page.reload();
  await eventually('the zone after a reload', () => field.inputValue(), 'Asia/Tokyo');
  await page.getByText(/^It is \d+:\d\d there\.$/).waitFor();
  await ada.openSection('Groups');
  await ada.open('Support');
  await page.getByRole('tab', { name: 'Hours' }).click();
  await page.getByRole('switch', { name: 'Open at set hours only' }).click();
  await page.getByText('The clocks in Asia/Tokyo are not changed.').waitFor();
  await eventually('by whose clock', () => page.getByLabel('Time zone').getAttribute('placeholder'), 'Asia/Tokyo, the account’s');
  await looks.look('hours-of-the-account', page);
  await page.getByRole('switch', { name: 'Open at set hours only' }).click();
}

/** @param {Administrator} ada */
async function handles(ada) {
  const handling = ada.page.getByLabel('Handling of Sue');
  await ada.openTab('Routing');
  await handling.selectOption({ label: 'Pull' });
  await ada.save('1 change');
  const sue = await Operator.comes(sues, 'sue');
  await sue.page.getByRole('tab', { name: /^Waiting/ }).click();
  await sue.page.getByRole('link', { name: /Nils/ }).click();
  const why = sue.page.getByRole('region', { name: 'Why still waiting' });
  await why.getByText('1 is taking chats by hand').waitFor();
  await eventually('what rings at Sue', () => sue.requests.getByRole('article').count(), 0);
  await looks.look('by-hand', sue.page);
  await handling.selectOption({ label: 'Primary' });
  await ada.save('1 change');
  await sue.request(NILS.name).waitFor();
  await sue.press('Alt+x');
  return sue;
}

/**
 * @param {Administrator} ada
 * @param {Operator} bob
 * @param {Operator} sue
 */
async function removesBob(ada, bob, sue) {
  const { page } = ada;
  await ada.openSection('Operators');
  await ada.open('Bob');
  await page.getByRole('button', { name: 'Delete' }).click();
  const asked = page.getByRole('alertdialog', { name: 'Delete Bob?' });
  await looks.look('delete-operator', page);
  await refused(() => asked.getByRole('button', { name: 'Delete' }).click());
  await asked.getByText('Bob has running chats.').waitFor();
  await looks.look('delete-operator-with-chats', page);
  await asked.getByRole('radio', { name: /^Their chats wait again/ }).check();
  await asked.getByRole('button', { name: 'Delete' }).click();
  await page.getByRole('heading', { name: 'Operators', level: 1 }).waitFor();
  await bob.page.getByRole('heading', { name: 'Sign in to the console' }).waitFor();
  await eventually('Bob is in no list', () => page.getByRole('table').getByRole('link', { name: 'Bob' }).count(), 0);
  for (const { name } of [ROSA, VERA]) {
    await sue.request(name).waitFor();
    await sue.request(name).getByRole('button', { name: /^Accept/ }).click();
    await sue.request(name).waitFor({ state: 'detached' });
  }
  return sue;
}

/**
 * @param {Administrator} ada
 * @param {Operator} sue
 * @param {Visitor} nils
 */
async function removesSupport(ada, sue, nils) {
  const { page } = ada;
  await sue.setStatus('Busy');
  await ada.openSection('Groups');
  await ada.open('Support');
  await page.getByRole('button', { name: 'Delete' }).click();
  const asked = page.getByRole('alertdialog', { name: 'Delete Support?' });
  await looks.look('delete-group', page);
  await refused(() => asked.getByRole('button', { name: 'Delete' }).click());
  await asked.getByText(/^Chats wait or run in it/).waitFor();
  await looks.look('delete-group-with-chats', page);
  await asked.getByRole('radio', { name: /^Their chats end/ }).check();
  await asked.getByRole('button', { name: 'Delete' }).click();
  await nils.window.getByRole('button', { name: 'Send the message' }).waitFor();
  await eventually('what Nils asked', () => nils.window.getByLabel('Your message').inputValue(), NILS.question);
}

/**
 * @param {Administrator} ada
 * @param {Administrator} mona
 * @param {Operator} sue
 */
async function goes(ada, mona, sue) {
  const { page } = ada;
  const row = page.getByRole('row', { name: /^Support/ });
  await row.getByText('Being removed').waitFor();
  await looks.look('groups-being-removed', page);
  await page.reload();
  await row.getByText('Being removed').waitFor();
  await ada.open('Support');
  await eventually('whether it can be deleted once more', () => page.getByRole('button', { name: 'Delete' }).count(), 0);
  await eventually('whether it can be set', () => page.getByLabel('Limit of Sue').isDisabled(), true);
  await looks.look('group-being-removed', page);
  await mona.openSection('Groups');
  await mona.page.getByRole('row', { name: /^Support/ }).getByText('Being removed').waitFor();
  for (let left = 2; left > 0; left -= 1) {
    await sue.page.getByRole('link', { name: left === 2 ? /Rosa/ : /Vera/ }).first().click();
    await sue.press('Alt+w');
    await sue.page.getByRole('button', { name: 'End chat' }).click();
    await sue.page.getByText('You ended the chat').filter({ visible: true }).first().waitFor();
  }
  await page.getByText('This group does not exist').waitFor();
  await mona.page.getByRole('row', { name: /^Support/ }).waitFor({ state: 'detached' });
}

/** @param {Operator} joe */
async function away(joe) {
  await joe.page.getByRole('button', { name: /^Your status: Away/ }).waitFor();
  await joe.page.getByText('You are away: nothing was done here for a while').first().waitFor();
  await looks.look('away', joe.page);
}
