// The rules of the welcome form: the server's own, told while the visitor can still mend what is wrong.

import type { FieldRule, Start, WelcomeScreen, WindowDepartment } from '@switchboard/protocol';
import type { Given } from '../bridge';
import type { Client } from './client';
import type { TextKey } from './texts';

export type FieldName = 'name' | 'email' | 'department' | 'question';
export type FormValues = Record<FieldName, string>;
export type FormErrors = Partial<Record<FieldName, TextKey>>;

/** Characters; the server's limits. */
export const LENGTHS = { name: 100, email: 254, question: 2_000, message: 10_000 } as const;

/** A department is asked for where there is a choice. */
export function asksDepartment(departments: readonly WindowDepartment[]): boolean {
  return departments.length >= 2;
}

/** What is wrong with each field. */
export function check(values: FormValues, rules: WelcomeScreen, departments: readonly WindowDepartment[]): FormErrors {
  const errors: FormErrors = {};
  const wrong = (field: FieldName, key: TextKey | null): void => {
    if (key) errors[field] = key;
  };
  if (rules.on) {
    wrong('name', missing(values.name, rules.name, 'error.name'));
    wrong('email', missing(values.email, rules.email, 'error.email') ?? address(values.email, rules.email));
    wrong('question', missing(values.question, rules.question, 'error.question'));
  }
  if (asksDepartment(departments)) {
    const chosen = departments.find((department) => department.id === values.department);
    if (!chosen) wrong('department', 'error.department');
    else if (chosen.state === 'offline') wrong('department', 'error.department_offline');
  }
  return errors;
}

/** What is wrong with a message that is left. */
export function checkMessage(values: FormValues): FormErrors {
  const rules: WelcomeScreen = { on: true, name: 'optional', email: 'required', question: 'required' };
  const errors = check(values, rules, []);
  if (errors.question) errors.question = 'error.message';
  return errors;
}

/** What the off-line form begins with: what is known already need not be written again, nor what nobody answered. */
export function letterOf(client: Client, draft: string): FormValues {
  const unanswered = client.chat?.isForForm ? client.chat : null;
  const first = unanswered?.lines([]).find((line) => line.kind === 'message' && line.mine);
  // Where they asked, else where the page would have them ask; one that is gone is none.
  const wanted = (unanswered && client.memory.get('department')) || client.given.department;
  const department = client.window?.departments.find((one) => one.id === wanted);
  return {
    name: client.known('name'), email: client.known('email'), department: department?.id ?? '',
    question: draft || (first?.kind === 'message' ? first.text : ''),
  };
}

/** The command of a form that has no errors; what is hidden or empty is left out. */
export function startOf(
  id: string, values: FormValues, rules: WelcomeScreen, departments: readonly WindowDepartment[],
): Start {
  const start: Start = { id };
  const given = (rule: FieldRule, value: string): string | undefined =>
    rules.on && rule !== 'hidden' ? value.trim() || undefined : undefined;
  const name = given(rules.name, values.name);
  const email = given(rules.email, values.email);
  const question = given(rules.question, values.question);
  if (name !== undefined) start.name = name;
  if (email !== undefined) start.email = email;
  if (question !== undefined) start.question = question;
  if (asksDepartment(departments)) start.department = values.department;
  return start;
}

/** What the page says and the form does not ask for; whoever is asked says it themselves. */
export function hiddenOf({ name, email }: Given, rules: WelcomeScreen): Pick<Start, 'name' | 'email'> {
  const asked = (rule: FieldRule): boolean => rules.on && rule !== 'hidden';
  return {
    ...(name !== undefined && !asked(rules.name) ? { name } : {}),
    ...(email !== undefined && !asked(rules.email) ? { email } : {}),
  };
}

/** The department that needs no question: the page's, where somebody is there, or none where there is no choice. */
export function settledDepartment({ department }: Given, departments: readonly WindowDepartment[]): string | null | undefined {
  if (!asksDepartment(departments)) return null;
  return departments.find((one) => one.id === department && one.state !== 'offline')?.id;
}

function missing(value: string, rule: FieldRule, key: TextKey): TextKey | null {
  return rule === 'required' && value.trim() === '' ? key : null;
}

function address(value: string, rule: FieldRule): TextKey | null {
  const text = value.trim();
  if (rule === 'hidden' || text === '') return null;
  const at = text.lastIndexOf('@');
  if (at < 1 || text.indexOf('@') !== at || /\s/.test(text)) return 'error.email_form';
  const labels = text.slice(at + 1).split('.');
  const fine = labels.length > 1 && labels.every((label) => /^[^-].*$/.test(label) && !label.endsWith('-'));
  return fine ? null : 'error.email_domain';
}
