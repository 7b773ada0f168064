/** What there is to set, and where: the left list of the settings, and what "Find a setting" finds. */
import type { SectionId } from '../state/router.svelte';

export interface Section {
  id: SectionId;
  label: string;
  part: 'Company' | 'People' | 'Routing';
  /** Settings to be found there, in the words of their fields. */
  settings: readonly string[];
}

export const SECTIONS: readonly Section[] = [
  { id: 'company', label: 'Company', part: 'Company', settings: ['Time zone of the account'] },
  {
    id: 'operators',
    label: 'Operators',
    part: 'People',
    settings: [
      'Name and e-mail',
      'Role',
      'Limit, all groups together',
      'Groups of an operator',
      'Skills and languages of an operator',
      'Sign-in',
      'Password',
    ],
  },
  {
    id: 'presence',
    label: 'Presence',
    part: 'People',
    settings: ['Away by itself', 'Lost connection, how long to wait'],
  },
  {
    id: 'groups',
    label: 'Groups',
    part: 'Routing',
    settings: [
      'Offers: automatic or single',
      'An offer lasts',
      'Longest wait',
      'Longest queue',
      'Service level: answered within',
      'Overflow to other groups',
      'Opening hours and holidays',
      'Time zone of a group',
      'Missed offers, set to away',
      'Connection lost',
      'Skills given up while waiting',
      'Same operator as last time',
      'Wanted operator',
      'Priority of a group',
      'Greeting',
      'Text in the queue',
      'Members and handling',
      'Who receives now',
      'Limit in a group',
      'Name and department',
    ],
  },
  {
    id: 'departments',
    label: 'Departments',
    part: 'Routing',
    settings: [
      'Skills that chats need',
      'Language of the visitor',
      'Priority of a department',
      'Name and place of a department',
    ],
  },
  {
    id: 'brands',
    label: 'Brands',
    part: 'Routing',
    settings: ['Priority of a brand', 'Variables that are believed', 'Priority by a variable', 'Name of a brand'],
  },
  {
    id: 'profiles',
    label: 'Profiles',
    part: 'Routing',
    settings: ['Groups of a profile'],
  },
];

/** A setting that was found; without one it is the section itself. */
export interface FoundSetting {
  section: Section;
  setting?: string;
}

/** Sections and settings that hold every word that was typed; nothing typed finds the sections. */
export function findSetting(typed: string): FoundSetting[] {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  const fits = (label: string): boolean => words.every((word) => label.toLowerCase().includes(word));
  if (words.length === 0) return SECTIONS.map((section) => ({ section }));
  return SECTIONS.flatMap((section) => [
    ...(fits(section.label) ? [{ section }] : []),
    ...section.settings.filter(fits).map((setting) => ({ section, setting })),
  ]);
}
