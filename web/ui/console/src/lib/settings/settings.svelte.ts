/** The settings as a whole: the lists, the one thing that is open, and what is being made. */
import type { OperatorNotice } from '@switchboard/protocol';
import type { Http } from '../http';
import type { Link } from '../state/link.svelte';
import type { Place, Router, SectionId } from '../state/router.svelte';
import { Attendance } from './attendance.svelte';
import { brandEditor } from './brand';
import { companyEditor } from './company';
import { departmentEditor } from './department';
import type { Editor } from './editor.svelte';
import { groupEditor } from './group';
import { StaffLists } from './lists.svelte';
import { Loads } from './load.svelte';
import type { Side } from './members';
import { operatorEditor } from './operator';
import { presenceEditor } from './presence';
import { profileEditor } from './profile';

const EDITORS: Record<SectionId, (http: Http, id: string) => Editor> = {
  company: companyEditor,
  operators: operatorEditor,
  presence: presenceEditor,
  groups: groupEditor,
  departments: departmentEditor,
  brands: brandEditor,
  profiles: profileEditor,
};
/** Parts that are one thing, not a list of things. */
const SINGLE: readonly SectionId[] = ['company', 'presence'];

/** How often it is looked whether what is being removed is gone. */
const GONE_LOOKED_EVERY = 2_000;

export class Settings {
  readonly lists: StaffLists;
  /** What is held now by those in view. */
  readonly loads = new Loads();
  /** Whether they are there, and receive. */
  readonly attendance = new Attendance();
  /** The one thing in the address. */
  editor = $state.raw<Editor | null>(null);
  /** What somebody is about to make. */
  making = $state<SectionId | null>(null);
  readonly #http: Http;
  #open: string | null = null;
  #again: ReturnType<typeof setTimeout> | undefined;

  constructor(http: Http, router: Router) {
    this.#http = http;
    this.lists = new StaffLists(http);
    router.unsaved = () => this.editor?.dirty ?? false;
  }

  /** There is a connection again. */
  connected(link: Link): void {
    this.loads.connected(link);
    this.attendance.connected(link);
  }

  /** Somebody in view is there or not, or receives or not, as of now. */
  told(frame: Extract<OperatorNotice, { type: 'operators' }>): void {
    this.attendance.told(frame);
    if (this.editor) this.attendance.show(this.editor.form);
  }

  /** We are somewhere else; what is shown is loaded when it is come to. */
  moved({ settings }: Place): void {
    const of = settings?.section === 'groups' ? 'group' : settings?.section === 'operators' ? 'operator' : null;
    const side: Side | null = of !== null && settings?.id ? { of, id: settings.id } : null;
    this.loads.look(side);
    this.attendance.look(side);
    const single = settings !== null && SINGLE.includes(settings.section);
    const open = settings?.id || single ? `${settings?.section}/${settings?.id ?? ''}` : null;
    if (settings === null) {
      clearTimeout(this.#again);
      this.making = null;
      this.#open = this.editor = null;
      return;
    }
    if (open === this.#open && this.lists.state === 'there' && open !== null) return;
    void this.load();
    if (open === this.#open) return;
    this.#open = open;
    const editor = settings.id === null && !single ? null : EDITORS[settings.section](this.#http, settings.id ?? '');
    this.editor = editor;
    // What was told while it was loaded may be newer than what was read.
    void editor?.load().then(() => this.editor === editor && this.attendance.show(editor.form));
  }

  /** Saves what is open; true when all of it is saved. */
  async save(): Promise<boolean> {
    const saved = (await this.editor?.save()) ?? false;
    // A part of it may be saved although the rest was refused.
    void this.load();
    return saved;
  }

  /** Loads the lists; while something in them is being removed, again and again, until it is gone. */
  async load(quiet = false): Promise<void> {
    clearTimeout(this.#again);
    const { going } = this.lists;
    await this.lists.load(quiet);
    const [section, id] = this.#open?.split('/') ?? [];
    const there = section === 'groups' ? this.lists.group(id ?? '') : this.lists.operator(id ?? '');
    if (this.#open !== null && going.has(this.#open) && !there) this.gone();
    clearTimeout(this.#again);
    if (this.lists.going.size > 0) this.#again = setTimeout(() => void this.load(true), GONE_LOOKED_EVERY);
  }

  /** It exists no more: nothing of it can be saved, or be lost. */
  gone(): void {
    this.editor?.drop();
  }

  clear(): void {
    clearTimeout(this.#again);
    this.making = null;
    this.#open = this.editor = null;
    this.lists.clear();
    this.loads.clear();
    this.attendance.clear();
  }
}
