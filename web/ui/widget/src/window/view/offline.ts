// The off-line form: nobody answers now, so a message is left, and thanked for.

import { Check, CircleAlert, Clock, MessageCircle } from 'lucide';
import { h, icon, setAttribute, setText } from '../../dom';
import { asksDepartment, checkMessage, LENGTHS, letterOf, type FieldName, type FormErrors, type FormValues } from '../form';
import { firstName } from '../people';
import type { TextKey } from '../texts';
import type { Context, Screen } from './screen';

const FIELDS: readonly FieldName[] = ['name', 'email', 'department', 'question'];
type Control = HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement;

export function offlineScreen(context: Context): Screen {
  const { client, t } = context;
  const { departments } = client.window!;
  const fields = FIELDS.filter((name) => name !== 'department' || asksDepartment(departments)).map(field);
  const title = h('h2');
  const lead = h('p.lead');
  const notice = h('p.notice', { role: 'status', hidden: true });
  const send = h('button.button.wide', { type: 'submit' }, t('offline.send'));
  const chat = h('button.button.quiet.wide', { type: 'button', onclick: chatInstead });
  const read = h('button.button.quiet', { type: 'button', onclick: () => context.review(true) },
    icon(MessageCircle, 18), t('ended.conversation'));
  const form = h('form.screen', { novalidate: true, onsubmit: submit },
    h('div.body', {}, h('div.intro', {}, icon(Clock, 20), h('div', {}, title, lead)), read,
      h('div.fields', {}, ...fields.map((one) => one.element))),
    h('footer.foot', {}, notice, send, chat));
  const thanksTitle = h('h2');
  const again = h('button.button.wide', { type: 'button', onclick: () => client.thanked() });
  const thanks = h('div.screen', { hidden: true },
    h('div.body.plain', { tabindex: -1, role: 'status' },
      h('span.badge', {}, icon(Check, 28)), thanksTitle, h('p.lead', {}, t('offline.thanks_text'))),
    h('footer.foot', {}, again));
  const element = h('div.screen', {}, form, thanks);
  let tried = false;
  fill();

  function field(name: FieldName) {
    const control: Control =
      name === 'department' ? departmentsOf()
      : name === 'question' ? h('textarea', { rows: 4, maxlength: LENGTHS.message, dir: 'auto' })
      : name === 'email'
        ? h('input', { type: 'email', autocomplete: 'email', maxlength: LENGTHS.email, placeholder: t('welcome.email_hint'), dir: 'ltr' })
        : h('input', { type: 'text', autocomplete: 'name', maxlength: LENGTHS.name, placeholder: t('welcome.name_hint'), dir: 'auto' });
    const id = `left-${name}`;
    const error = h('small.wrong', { id: `${id}-error`, hidden: true });
    const optional = name === 'name' || name === 'department';
    control.id = id;
    control.setAttribute('aria-describedby', error.id);
    if (!optional) control.setAttribute('aria-required', 'true');
    control.addEventListener('input', () => changed(name));
    const words: TextKey = name === 'question' ? 'offline.message' : `welcome.${name}`;
    const label = h('label', { for: id }, t(words), optional && h('i', {}, ' ', t('welcome.optional')));
    return { name, control, error, element: h('div.field', {}, label, control, error) };
  }

  function departmentsOf(): HTMLSelectElement {
    return h('select', { autocomplete: 'off' }, h('option', { value: '' }, t('offline.department_any')),
      ...departments.map((one) => h('option', { value: one.id }, one.name)));
  }

  function values(): FormValues {
    const all: FormValues = { name: '', email: '', department: '', question: '' };
    for (const one of fields) all[one.name] = one.control.value;
    return all;
  }

  function fill(): void {
    const letter = letterOf(client, context.drafts.get('question'));
    for (const { name, control } of fields) control.value = letter[name];
  }

  function changed(name: FieldName): void {
    const { name: who, email, question } = values();
    if (name === 'name') client.memory.set('name', who.trim() || null);
    if (name === 'email') client.memory.set('email', email.trim() || null);
    if (name === 'question') context.drafts.set('question', question);
    if (tried) showErrors(checkMessage(values()));
  }

  function showErrors(errors: FormErrors): void {
    for (const { name, control, error } of fields) {
      const key = errors[name];
      setAttribute(control, 'aria-invalid', key ? 'true' : null);
      error.hidden = !key;
      error.replaceChildren(...(key ? [icon(CircleAlert, 14), ' ', t(key)] : []));
    }
  }

  function submit(event: Event): void {
    event.preventDefault();
    tried = true;
    const errors = checkMessage(values());
    showErrors(errors);
    const first = fields.find((one) => errors[one.name]);
    if (first) return first.control.focus();
    const { name, email, department, question } = values();
    client.leaveMessage({
      email: email.trim(), text: question.trim(),
      ...(name.trim() ? { name: name.trim() } : {}), ...(department ? { department } : {}),
    });
  }

  /** Somebody has come meanwhile: what was written goes along. */
  function chatInstead(): void {
    context.drafts.set('question', values().question.slice(0, LENGTHS.question));
    client.dismiss();
    context.chatNow();
  }

  function update(): void {
    const over = client.left && !client.leaving;
    if (over && !form.hidden) {
      context.drafts.set('question', '');
      for (const { name, control } of fields) if (name === 'question') control.value = '';
      tried = false;
    }
    const turned = form.hidden !== over;
    form.hidden = over;
    thanks.hidden = !over;
    if (turned && over && element.contains(document.activeElement)) thanks.querySelector<HTMLElement>('.body')!.focus();
    const name = firstName(client.memory.get('name') ?? '');
    setText(thanksTitle, name ? t('offline.thanks', { name }) : t('offline.thanks_guest'));
    const here = client.availability !== 'offline';
    setText(again, t(here ? 'ended.again' : 'offline.another'));
    showIntro();
    showProblem();
    const busy = client.leaving !== null;
    send.disabled = busy;
    setText(send, t(busy ? 'offline.sending' : 'offline.send'));
    for (const one of fields) one.control.disabled = busy;
    chat.hidden = !here || busy;
    setText(chat, t(client.chat?.isForForm ? 'ended.again' : 'offline.chat_now'));
    read.hidden = !client.chat?.isForForm || client.dismissed || !client.chat?.lines([]).some((line) => line.kind === 'message');
  }

  function showIntro(): void {
    const why = client.chat?.isForForm && !client.dismissed ? client.chat?.ended?.why : undefined;
    const [head, words]: [TextKey, TextKey] =
      why === 'timed_out' ? ['ended.timed_out_title', 'offline.timed_out']
      : why === 'sent_to_form' || why === 'closed' ? ['offline.sent_title', 'offline.sent_text']
      : ['offline.title', 'offline.text'];
    setText(title, t(head));
    setText(lead, t(words));
  }

  function showProblem(): void {
    const error = client.leaveError;
    const own = error?.field === 'text' ? 'question' : error?.field;
    if (own !== undefined) showErrors({ [own]: 'error.invalid' satisfies TextKey });
    notice.hidden = !error || own !== undefined;
    setText(notice, notice.hidden ? '' : t(error?.why === 'full' ? 'offline.full' : 'offline.failed'));
  }

  return {
    element,
    update,
    focus: () => (client.left ? again : (fields.find((one) => one.control.value === '' && one.control.ariaRequired === 'true')?.control ?? send)).focus(),
  };
}
