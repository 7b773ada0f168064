// The welcome form: who the visitor is, and the first question.

import { CircleAlert } from 'lucide';
import { h, icon, setAttribute, setText } from '../../dom';
import { asksDepartment, check, hiddenOf, LENGTHS, startOf, type FieldName, type FormErrors, type FormValues } from '../form';
import type { TextKey } from '../texts';
import type { Context, Screen } from './screen';

type Control = HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement;
interface Field {
  name: FieldName;
  element: HTMLElement;
  control: Control;
  error: HTMLElement;
}

const FIELDS: readonly FieldName[] = ['name', 'email', 'department', 'question'];

export function welcomeScreen(context: Context): Screen {
  const { client, t } = context;
  const rules = client.window!.welcome;
  const shown = FIELDS.filter((name) =>
    name === 'department' ? asksDepartment(client.window!.departments) : rules.on && rules[name] !== 'hidden');
  const fields = shown.map((name) => field(name));
  const notice = h('p.notice', { role: 'status', hidden: true });
  const start = h('button.button.wide', { type: 'submit' }, t('welcome.start'));
  const element = h('form.screen', { novalidate: true, onsubmit: submit },
    h('div.body', {}, h('h2', {}, t('welcome.title')), h('div.fields', {}, ...fields.map((one) => one.element))),
    h('footer.foot', {}, notice, start));
  let tried = false;
  let given = client.given;
  fill();

  function field(name: FieldName): Field {
    const control = controlOf(name);
    const error = h('small.wrong', { id: `${name}-error`, hidden: true });
    const optional = name !== 'department' && rules[name] === 'optional';
    control.id = name;
    control.setAttribute('aria-describedby', error.id);
    if (!optional) control.setAttribute('aria-required', 'true');
    control.addEventListener('input', () => changed(name));
    control.addEventListener('change', () => changed(name));
    const label = h('label', { for: name }, t(`welcome.${name}`), optional && h('i', {}, ' ', t('welcome.optional')));
    return { name, control, error, element: h('div.field', {}, label, control, error) };
  }

  function controlOf(name: FieldName): Control {
    if (name === 'department') return h('select', { autocomplete: 'off' });
    if (name === 'question') return h('textarea', { rows: 2, maxlength: LENGTHS.question, dir: 'auto' });
    return name === 'email'
      ? h('input', { type: 'email', autocomplete: 'email', maxlength: LENGTHS.email, placeholder: t('welcome.email_hint'), dir: 'ltr' })
      : h('input', { type: 'text', autocomplete: 'name', maxlength: LENGTHS.name, placeholder: t('welcome.name_hint'), dir: 'auto' });
  }

  function values(): FormValues {
    const all: FormValues = { name: '', email: '', department: '', question: '' };
    for (const one of fields) all[one.name] = one.control.value;
    return all;
  }

  function fill(): void {
    for (const { name, control } of fields) {
      if (name === 'name' || name === 'email') control.value = client.known(name);
      if (name === 'question') control.value = context.drafts.get('question');
    }
  }

  /** What the page has just said goes into its fields. */
  function propose(): void {
    given = client.given;
    for (const { name, control } of fields) {
      const value = name === 'question' ? undefined : given[name];
      if (value !== undefined && (name !== 'department' || canChoose(value))) control.value = value;
    }
  }

  function canChoose(department: string): boolean {
    return client.window!.departments.some((one) => one.id === department && one.state !== 'offline');
  }

  function changed(name: FieldName): void {
    if (name === 'question') context.drafts.set('question', values().question);
    if (tried) showErrors(check(values(), rules, client.window!.departments));
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
    const { departments } = client.window!;
    const errors = check(values(), rules, departments);
    showErrors(errors);
    const first = fields.find((one) => errors[one.name]);
    if (first) return first.control.focus();
    const { id: _, ...form } = startOf('', values(), rules, departments);
    client.memory.set('name', form.name ?? null);
    client.memory.set('email', form.email ?? null);
    client.start({ ...hiddenOf(client.given, rules), ...form });
  }

  function update(): void {
    const { window: settings, availability, startError } = client;
    fillDepartments();
    if (given !== client.given) propose();
    if (startError?.field) showErrors({ [startError.field]: 'error.invalid' satisfies TextKey });
    const offline = startError?.why === 'offline';
    notice.hidden = !startError || startError.field !== undefined;
    setText(notice, notice.hidden ? '' : t(offline ? 'error.department_offline' : 'welcome.failed'));
    start.disabled = availability === 'offline' || !settings;
  }

  function fillDepartments(): void {
    const select = fields.find((one) => one.name === 'department')?.control;
    if (!(select instanceof HTMLSelectElement)) return;
    const { departments } = client.window!;
    const label = (state: string, name: string): string =>
      state === 'offline' ? t('welcome.department_offline', { name })
      : state === 'busy' ? t('welcome.department_busy', { name }) : name;
    const wanted = [['', t('welcome.department_choose'), false] as const,
      ...departments.map((one) => [one.id, label(one.state, one.name), one.state === 'offline'] as const)];
    if (wanted.map(([, words]) => words).join('\n') === [...select.options].map((option) => option.text).join('\n')) return;
    const { department } = client.given;
    const value = select.value || (department && !select.options.length && canChoose(department) ? department : '');
    select.replaceChildren(...wanted.map(([id, words, disabled]) => h('option', { value: id, disabled }, words)));
    select.value = value;
  }

  return {
    element,
    update,
    focus: () => (fields.find((one) => one.control.value === '')?.control ?? fields[0]?.control ?? start).focus(),
    leave: () => {
      if (client.chat || client.starting) context.drafts.set('question', '');
    },
  };
}

/** Whether somebody has begun to write the question. */
export function hasDraft(context: Context): boolean {
  return context.drafts.get('question').trim() !== '';
}
