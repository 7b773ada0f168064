// What colleagues do for each other, in real browsers: they are asked to take a chat over, come in, take one, and are
// rung together; and what the visitor is told while waiting.

import { eventually } from './src/eventually.mjs';
import { Operator, PASSWORD } from './src/operator.mjs';
import { Rules } from './src/rules.mjs';
import { Story } from './src/story.mjs';
import { Visitor } from './src/visitor.mjs';

const ROSA = { name: 'Rosa Lind', email: 'rosa@example.com', question: 'Can the Alva sofa be had in green?' };
const NILS = { name: 'Nils Berg', email: 'nils@example.com', question: 'Is the oak table solid?' };
const VERA = { name: 'Vera Blom', email: 'vera@example.com', question: 'Where is my order 48213?' };
const GREETING = 'Welcome to Larkfield. Have your order number ready, if there is one.';
const WAITING = 'Before you: {ahead}. We answer Monday to Saturday.';
/** Fewer tell nothing of the pace. */
const SERVED = 4;
const REASON = 'She asks for a fabric that is in your catalogue';

const story = await Story.begin('colleagues');
const { looks } = story;
const [shopper, second, third] = [await story.person(1280, 800), await story.person(390, 844), await story.person(1280, 800)];
const [joes, bobs, monas] = [await story.person(1440, 900), await story.person(1280, 800), await story.person(1280, 800)];
const rules = await Rules.signIn((await story.person(800, 600)).request, { email: 'admin@example.com', password: PASSWORD });
await rules.group('support', { greeting: GREETING, greeting_after_s: 0, queue_text: WAITING, offer_expires_after_s: 120 });

await story.tell(tell);

async function tell() {
  const { step } = story;
  const joe = await step('Joe comes', () => Operator.comes(joes, 'joe'));
  const rosa = await step('a visitor is greeted before anybody answers', () => greeted(joe));
  await step('others wait, and see their places; Joe sends one to the form', () => places(joe));
  const bob = await step('Bob comes', () => Operator.comes(bobs, 'bob'));
  await step('Joe asks anybody in the group, and Bob has it', () => transferred(joe, bob, rosa));
  await step('Bob asks Joe to take over, who declines: the chat is still Bob’s', () => declined(bob, joe));
  await step('Bob invites Joe and stays; both write; Joe leaves', () => invited(bob, joe, rosa));
  await step('Bob invites and goes: the chat is Joe’s', () => handedOver(bob, joe, rosa));
  await step('Joe asks whoever answers for the brand, and Bob has it', () => toBrand(joe, bob, rosa));
  await step('Mona takes the chat from Bob, who is told', () => takenOver(bob, rosa));
  await step('a chat rings at both: the first has it, the other is told who', () => ringsAtAll(joe, bob));
  await step('after some were served the next one is told how long it takes', () => estimated(joe, bob));
}

/** @param {Operator} joe */
async function greeted(joe) {
  const rosa = await Visitor.at(shopper);
  await rosa.openChat();
  await rosa.start(ROSA);
  await rosa.text(GREETING).waitFor();
  await rosa.text('Before you: 0. We answer Monday to Saturday.').waitFor();
  await looks.look('greeted', rosa.page, await rosa.frame());
  await joe.request(ROSA.name).waitFor();
  await joe.press('Alt+a');
  await rosa.window.getByText('Joe joined the chat').waitFor();
  await eventually('what Rosa reads', () => rosa.lines.allInnerTexts(), [ROSA.question, GREETING]);
  await joe.say('In green it takes four weeks.');
  await eventually('what Joe reads', () => joe.lines.allInnerTexts(), [ROSA.question, GREETING, 'In green it takes four weeks.']);
  return rosa;
}

/** @param {Operator} joe */
async function places(joe) {
  const [nils, vera] = [await Visitor.at(second), await Visitor.at(third)];
  await nils.openChat();
  await nils.start(NILS);
  await nils.text('You are next').waitFor();
  await vera.openChat();
  await vera.start(VERA);
  await vera.window.getByText('person is ahead of you').waitFor();
  await looks.look('second-in-the-queue', vera.page, await vera.frame());
  await joe.page.getByRole('tab', { name: /^Waiting/ }).click();
  await joe.page.getByRole('link', { name: /Nils/ }).click();
  await joe.page.getByText(/^Waiting 0:/).first().waitFor();
  await looks.look('console-waiting', joe.page);
  await joe.page.getByRole('button', { name: 'To the form' }).click();
  await nils.text('Leave us a message').waitFor();
  await eventually('the question is not written again', () => nils.window.getByLabel('Your message').inputValue(), NILS.question);
  await eventually('nor the department', () => nils.window.getByLabel('Department').inputValue(), 'support');
  await looks.look('sent-to-the-form', nils.page, await nils.frame());
  await nils.window.getByRole('button', { name: 'Send the message' }).click();
  await nils.text('Thank you, Nils').waitFor();
  await vera.text('You are next').waitFor();
  await joe.pressBoth('g', 'm');
  await joe.page.getByRole('link', { name: /Nils/ }).click();
  await joe.page.getByRole('link', { name: NILS.email }).waitFor();
  await looks.look('left-by-nils', joe.page);
  await vera.window.getByRole('button', { name: 'Leave a message instead' }).click();
  await vera.text('Leave us a message').waitFor();
  await vera.window.getByRole('button', { name: 'Start a new chat' }).click();
  await vera.text('Hello, how can we help?').waitFor();
  await joe.pressBoth('g', 'c');
  await joe.page.getByRole('link', { name: /Rosa/ }).click();
}

/**
 * @param {Operator} joe
 * @param {Operator} bob
 * @param {Visitor} rosa
 */
async function transferred(joe, bob, rosa) {
  await joe.press('Alt+r');
  await joe.ask.getByRole('radio', { name: 'Groups' }).check({ force: true });
  await joe.ask.getByRole('option', { name: /^Support.*1 free/ }).waitFor();
  await looks.look('transfer-group', joe.page);
  await joe.choose('Groups', 'Support', REASON);
  await joe.press('Enter');
  await bob.request(ROSA.name).waitFor();
  await bob.press('Alt+a');
  await rosa.window.getByText('You were transferred to Bob').waitFor();
  await joe.page.getByText('Rosa Lind: transferred to Bob').waitFor();
  await looks.look('transferred-away', joe.page);
  await bob.say('Bob here. Moss is in stock.');
  await rosa.text('Bob here. Moss is in stock.').waitFor();
  await looks.look('transferred', rosa.page, await rosa.frame());
  await looks.look('transferred-here', bob.page);
}

/**
 * @param {Operator} bob
 * @param {Operator} joe
 */
async function declined(bob, joe) {
  await bob.press('Alt+r');
  await bob.ask.getByRole('option', { name: /^Joe.*1 free/ }).waitFor();
  await looks.look('transfer', bob.page);
  await bob.choose('Operators', 'Joe');
  await bob.ask.getByRole('button', { name: 'Transfer' }).click();
  await bob.ask.getByText('Say why: whoever is asked reads it first.').waitFor();
  await bob.ask.getByLabel('Reason').fill(REASON);
  await looks.look('transfer-chosen', bob.page);
  await bob.press('Enter');
  await bob.page.getByText(/^Being transferred to Joe/).waitFor();
  await joe.request(ROSA.name).getByText(REASON).waitFor();
  await looks.look('transfer-asked', bob.page);
  await looks.look('transfer-rings', joe.page);
  await joe.press('Alt+x');
  await bob.page.getByText('Joe declined the transfer').first().waitFor();
  await bob.page.getByText(/^Being transferred/).waitFor({ state: 'detached' });
  await bob.say('I am asking a colleague.');
}

/**
 * @param {Operator} bob
 * @param {Operator} joe
 * @param {Visitor} rosa
 */
async function invited(bob, joe, rosa) {
  // He types quicker than it is known who can be asked.
  let known = () => {};
  const isTyped = new Promise((resolve) => (known = () => resolve(undefined)));
  await bob.page.route('**/api/v1/colleagues**', (route) => isTyped.then(() => route.continue()), { times: 1 });
  await bob.press('Alt+n');
  await bob.ask.getByRole('combobox').fill('Jo');
  known();
  await bob.ask.getByRole('option', { name: 'Joe', selected: true }).waitFor();
  await bob.choose('Operators', 'Joe', 'You know the carrier');
  await looks.look('invite', bob.page);
  await bob.press('Enter');
  await bob.page.getByText('Joe is being invited.').waitFor();
  await joe.request(ROSA.name).getByText('You know the carrier').waitFor();
  await looks.look('invitation-rings', joe.page);
  await joe.press('Alt+a');
  await rosa.window.getByText('Joe joined the chat').nth(1).waitFor();
  await joe.say('The carrier comes on Tuesdays.');
  await bob.say('And Fridays.');
  for (const who of [rosa, bob, joe]) {
    await eventually('both answers', () => who.lines.allInnerTexts().then((all) => all.slice(-2)), ['The carrier comes on Tuesdays.', 'And Fridays.']);
  }
  await looks.look('guest', joe.page);
  await looks.look('two-answer', rosa.page, await rosa.frame());
  await joe.page.getByRole('button', { name: 'Leave' }).click();
  await rosa.window.getByText('Joe left the chat').waitFor();
  await joe.page.getByText('Bob has this chat.').waitFor();
}

/**
 * @param {Operator} bob
 * @param {Operator} joe
 * @param {Visitor} rosa
 */
async function handedOver(bob, joe, rosa) {
  await bob.press('Alt+n');
  await bob.choose('Operators', 'Joe');
  await bob.ask.getByRole('switch', { name: 'Stay in the chat' }).click();
  await bob.ask.getByRole('button', { name: 'Invite' }).click();
  await joe.request(ROSA.name).waitFor();
  await joe.press('Alt+a');
  await rosa.window.getByText('Bob left the chat').waitFor();
  await joe.page.getByRole('button', { name: 'End', exact: true }).waitFor();
  await joe.say('It is mine again.');
  await rosa.text('It is mine again.').waitFor();
  await rosa.window.getByRole('heading', { name: 'Joe' }).waitFor();
}

/**
 * @param {Operator} joe
 * @param {Operator} bob
 * @param {Visitor} rosa
 */
async function toBrand(joe, bob, rosa) {
  await joe.press('Alt+r');
  await joe.choose('Brands', 'Larkfield', 'She asks for a shop near her');
  await joe.ask.getByRole('option', { name: /^Larkfield.*1 free/ }).waitFor();
  await looks.look('transfer-brand', joe.page);
  await joe.press('Enter');
  await bob.request(ROSA.name).getByText('She asks for a shop near her').waitFor();
  await bob.press('Alt+a');
  await rosa.window.getByText('You were transferred to Bob').nth(1).waitFor();
  await joe.page.getByText('Rosa Lind: transferred to Bob').last().waitFor();
  await bob.say('There is one in Bern.');
  await rosa.text('There is one in Bern.').waitFor();
}

/**
 * @param {Operator} bob
 * @param {Visitor} rosa
 */
async function takenOver(bob, rosa) {
  const mona = await Operator.comes(monas, 'mona');
  await mona.page.getByRole('tab', { name: /^All/ }).click();
  await mona.page.getByRole('link', { name: /Rosa/ }).click();
  await mona.page.getByText('Bob has this chat.').waitFor();
  await looks.look('colleagues-chat', mona.page);
  // Whoever just got a chat keeps it for 3 s.
  await mona.page.waitForTimeout(3_000);
  await mona.page.getByRole('button', { name: 'Take over' }).click();
  await mona.say('Mona here.');
  await rosa.text('Mona here.').waitFor();
  await bob.page.getByText('Mona has this chat.').waitFor();
  await looks.look('taken-away', bob.page);
  await mona.press('Alt+w');
  await mona.page.getByRole('button', { name: 'End chat' }).click();
  await rosa.text('Thank you, Rosa').waitFor();
  await mona.setStatus('Offline');
}

/**
 * @param {Operator} joe
 * @param {Operator} bob
 */
async function ringsAtAll(joe, bob) {
  await rules.group('support', { offer_mode: 'ring_all' });
  const vera = await Visitor.at(third);
  await vera.openChat();
  await vera.start(VERA);
  await joe.request(VERA.name).waitFor();
  await bob.request(VERA.name).waitFor();
  await looks.look('rings-at-all', joe.page);
  // It is said for two seconds: who begins to look only afterwards may miss it.
  const first = joe.requests.getByText('Bob was first').waitFor();
  await bob.press('Alt+a');
  await first;
  await looks.picture('bob-was-first', joe.page);
  await vera.window.getByText('Bob joined the chat').waitFor();
  await joe.request(VERA.name).waitFor({ state: 'detached' });
}

/**
 * Mona serves some who wait; then it is known at which pace.
 * @param {Operator} joe
 * @param {Operator} bob
 */
async function estimated(joe, bob) {
  for (const one of [joe, bob]) await one.setStatus('Away');
  const [page] = monas.pages();
  if (!page) throw new Error('Mona has closed her console');
  const mona = new Operator(page);
  await mona.setStatus('Online');
  const shop = await Visitor.at(second);
  await shop.crowd(SERVED);
  for (let served = 0; served < SERVED; served += 1) {
    await page.getByText(`${SERVED - served} waiting`).waitFor();
    await page.getByRole('button', { name: /^Take next/ }).click();
    await page.getByText(`${served + 1} chat${served > 0 ? 's' : ''}`, { exact: true }).waitFor();
  }
  await shop.openChat();
  await shop.window.getByRole('button', { name: 'Start a new chat' }).click();
  await shop.start(NILS);
  await shop.text('You are next').waitFor();
  await shop.text('The wait is about a minute.').waitFor();
  await looks.look('estimate', shop.page, await shop.frame());
}
